import { BatchError } from '../../batch/errors.ts';
import { type Lock, takeLock } from '../../core/node/file-lock.ts';
import { fileError } from './error.ts';
import type { TakeLock } from './file-lock.ts';
import { poll } from './polling.ts';

/**
 * Locks that are files which name their holder. One whose process is dead is taken over at once, one that gives no sign
 * of life after 15 seconds: the holder's process gives signs of life, so that `duration` does not matter.
 */
export const lease: TakeLock = async (base, { clock, signal }) => {
  const path = `${base}.lease`;
  const lock = await poll(clock, signal, async (): Promise<Lock | undefined> => {
    try {
      return await takeLock(path, clock, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (isHeld(error)) return undefined;
      throw fileError(path, error instanceof BatchError ? (error.cause ?? error) : error);
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
  return error instanceof BatchError && error.code === 'ERR_LOCKED';
}
