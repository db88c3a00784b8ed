import { BatchError } from '../batch/index.ts';
import { type Connection, LOCK_TIMEOUT } from './connection.ts';
import { fieldsOf } from './database-error.ts';

// The server needs a moment to end the session of a killed run.
const WAIT = '3s';

/**
 * Acquires a lock that the session holds until its connection ends, or that a transaction holds until it ends.
 *
 * @param what is locked, such as `the export "2026-10-01" into public.conversations`.
 * @throws BatchError `ERR_LOCKED`
 */
export async function lockFor(
  { query }: Connection,
  what: string,
  holder: 'session' | 'transaction' = 'session',
): Promise<void> {
  const acquire = holder === 'session' ? 'pg_advisory_lock' : 'pg_advisory_xact_lock';
  await query(`SET lock_timeout = '${WAIT}'`);
  try {
    await query(`SELECT ${acquire}(hashtextextended($1, 0))`, [`axios-oauth-refresh ${what}`]);
  } catch (error) {
    if (fieldsOf((error as Error).cause).code !== '55P03') throw error;
    throw new BatchError(
      `another run is writing ${what}. Wait until it ends, or end it. Its session is the one with an advisory lock in pg_locks.`,
      'ERR_LOCKED',
    );
  }
  await query(`SET lock_timeout = '${LOCK_TIMEOUT}'`);
}
