import type { Client } from 'pg';
import { ConfigurationError } from '../core/index.ts';
import { messageOf, systemClock, withDeadline } from '../core/internal.ts';
import { loadPeer } from '../core/node/index.ts';
import { databaseError, isQueryTimeout } from './database-error.ts';
import { urlProblem } from './location.ts';
import { withVariables } from './variables.ts';

/** A connection to the database. An outage ends it; it does not connect again, because its locks are lost. */
export interface Connection {
  readonly client: Client;
  /** Runs a statement, and returns its rows. @throws BatchError, ConfigurationError */
  query<Row extends object>(statement: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Ends the connection, also while the server is unreachable. */
  close(): Promise<void>;
}

// In seconds.
const CONNECT_TIMEOUT = 10;
// In milliseconds. A network that loses the packets, or a proxy that hangs, does not end the connection.
const QUERY_TIMEOUT = 300_000;
const CLOSE_TIMEOUT = 1000;
/** How long a statement waits for a lock, such as for a user who changes the table. */
export const LOCK_TIMEOUT = '60s';

// If the client disappears without a word, the server must release the locks of its session within a minute. The rows of a second must fit
// into the buffers of temporary tables. Compiling a statement takes longer than it saves for these statements.
const SETTINGS = `
  SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
  SET temp_buffers = '32MB'; SET jit = off; SET lock_timeout = '${LOCK_TIMEOUT}';
  SET client_min_messages = warning; SET timezone = 'UTC'; SET datestyle = 'ISO'; SET standard_conforming_strings = on`;

/**
 * Connects to the database. What the URL omits comes from the `PG*` variables.
 *
 * @throws BatchError `ERR_DATABASE`, ConfigurationError
 */
export async function connect(url: string): Promise<Connection> {
  const pg = await loadPg();
  const connectionString = withVariables(url, process.env);
  const problem = urlProblem(connectionString);
  if (problem)
    throw new ConfigurationError('postgresTable', [`url: with the PG* variables, the URL ${problem}`]);
  const { searchParams } = new URL(connectionString);
  let client: Client;
  try {
    client = new pg.Client({
      connectionString,
      connectionTimeoutMillis: Number(searchParams.get('connect_timeout') ?? CONNECT_TIMEOUT) * 1000,
      // A parameter of the URL replaces this option.
      query_timeout: QUERY_TIMEOUT,
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
      fallback_application_name: 'axios-oauth-refresh',
    });
  } catch (error) {
    // Such as a file of `sslrootcert` that does not exist.
    throw new ConfigurationError('postgresTable', [`url: ${messageOf(error)}`]);
  }
  // Without a listener, the event would end the process. The statement that follows rejects.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(SETTINGS);
  } catch (error) {
    await close(client);
    throw databaseError(error, `cannot connect to ${addressOf(client)}`);
  }
  return {
    client,
    async query<Row extends object>(statement: string, values?: readonly unknown[]) {
      try {
        return (await client.query<Row>(statement, values && [...values])).rows;
      } catch (error) {
        // The statement still runs, so that the next one, such as ROLLBACK, would wait too.
        if (isQueryTimeout(error)) await close(client);
        throw databaseError(error);
      }
    },
    close: () => close(client),
  };
}

async function close(client: Client): Promise<void> {
  const expired = () => new Error('timed out');
  // `end` waits for a server that may have disappeared.
  await withDeadline(systemClock, CLOSE_TIMEOUT, expired, async () => client.end()).catch(() =>
    (client as Client & { connection: { stream: { destroy(): void } } }).connection.stream.destroy(),
  );
}

function addressOf({ host, port, database = '' }: Client): string {
  return `the database ${JSON.stringify(database)} at ${host.startsWith('/') ? host : `${host}:${port}`}`;
}

async function loadPg(): Promise<Pick<typeof import('pg'), 'Client'>> {
  const peer = { name: 'pg', neededBy: 'postgresTable' };
  // Before 8.15, pg is a CommonJS module without named exports.
  return loadPeer(peer, async () => (await import('pg')).default).catch((error: unknown) => {
    throw new ConfigurationError('axios-oauth-refresh/postgres', [messageOf(error)]);
  });
}
