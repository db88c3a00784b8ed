import { throwIfAborted } from '../../core/internal.ts';
import { acquireFileLock, type FileLock, FileLockError } from '../../core/node/index.ts';
import { fileError } from './error.ts';
import { poll } from './polling.ts';
import type { AcquireStoreLock } from './store-lock.ts';

/**
 * Acquires a lock that is a file with the name of its holder. The lock of a dead process of this machine is free at once, any other
 * lock after 15 seconds without a heartbeat. The process of the holder sends the heartbeats, so `duration` has no effect.
 */
export const lease: AcquireStoreLock = async (base, { clock, signal }) => {
  const path = `${base}.lease`;
  const lock = await poll(clock, signal, async (): Promise<FileLock | undefined> => {
    try {
      return await acquireFileLock(path, clock, signal);
    } catch (error) {
      throwIfAborted(signal);
      if (isHeld(error)) return undefined;
      throw fileError(path, error);
    }
  });
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
