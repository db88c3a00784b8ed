import type { Clock } from '../../core/index.ts';
import { acquireFileLock, type FileLock, FileLockError } from '../../core/node/index.ts';
import { BatchError } from '../errors.ts';
import { interrupted } from '../to-batch-error.ts';
import { fileError } from './file-error.ts';

/**
 * Acquires the lock file that keeps two runs from writing one output.
 *
 * @throws BatchError `ERR_LOCKED` while another run holds the lock; `ERR_INTERRUPTED` if `signal` aborts; `ERR_OUTPUT`.
 */
export async function lockOutput(
  path: string,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<FileLock> {
  const refuse = (error: unknown): never => {
    if (signal?.aborted) throw interrupted(signal.reason);
    throw error instanceof FileLockError ? lockError(path, error) : fileError(path, error);
  };
  const lock = await acquireFileLock(path, clock, signal).catch(refuse);
  return { verify: () => lock.verify().catch(refuse), release: lock.release };
}

function lockError(path: string, { code, holder, message }: FileLockError): BatchError {
  if (code === 'ERR_BROKEN_LINK') return new BatchError(message, 'ERR_OUTPUT');
  if (code === 'ERR_NEWER_FORMAT') return new BatchError(message, 'ERR_LOCKED');
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
  return new BatchError(
    `${who} is writing this output (${path}). Wait until it ends or choose another output. ` +
      'The lock of a dead process is taken over automatically.',
    'ERR_LOCKED',
  );
}
