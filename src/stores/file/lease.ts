import { basename } from 'node:path';
import { throwIfAborted } from '../../core/internal.ts';
import { acquireFileLock, type FileLock, FileLockError } from '../../core/node/index.ts';
import { fileError, storeError } from './error.ts';
import { poll } from './polling.ts';
import { type AcquireStoreLock, MAX_PAUSE_WITH_REPORTS } from './store-lock.ts';

/**
 * Acquires a lock that is a file with the name of its holder. The lock of a dead process of this machine is free at once, any other
 * lock after 15 seconds without a heartbeat. The process of the holder sends the heartbeats, so `duration` has no effect.
 */
export const lease: AcquireStoreLock = async (base, { clock, signal, changes }) => {
  const path = `${base}.lease`;
  const attempt = async (): Promise<FileLock | undefined> => {
    try {
      return await acquireFileLock(path, clock, signal);
    } catch (error) {
      throwIfAborted(signal);
      if (isHeld(error)) return undefined;
      throw error instanceof FileLockError ? storeError(error.message) : fileError(path, error);
    }
  };
  // The release removes the file.
  const wake = changes?.of(basename(path));
  const lock = await poll(clock, signal, attempt, wake, wake && MAX_PAUSE_WITH_REPORTS);
  let released: Promise<void> | undefined;
  return {
    isLost: () => (released ? Promise.resolve(false) : lock.verify().then(() => false, isHeld)),
    release: () => {
      released ??= lock.release();
      return released;
    },
  };
};

function isHeld(error: unknown): boolean {
  return error instanceof FileLockError && error.code === 'ERR_LOCKED';
}
