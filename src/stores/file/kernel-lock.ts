import type { BigIntStats } from 'node:fs';
import { type FileHandle, stat, unlink } from 'node:fs/promises';
import { fileError } from './error.ts';
import { openOrMake, readStart } from './own-file.ts';
import { poll } from './polling.ts';
import type { AcquireStoreLock, HeldLock } from './store-lock.ts';

type Native = typeof import('fs-native-extensions');

/** The holder of a lock, as a waiting process sees it. */
interface Seen {
  mtime: bigint;
  /** How long the waiting process had slept when it first saw this holder, in milliseconds. */
  since: number;
  /** How long the holder announced to hold the lock, in milliseconds. */
  duration: number;
}

// Lock a byte beyond the text, because on Windows other processes cannot read locked bytes.
const OFFSET = 2 ** 30;
const LENGTH = 1;

/** How much longer than announced a holder may hold the lock, in milliseconds. */
const GRACE = 5_000;

/** Milliseconds between two checks who the holder is. Only a suspended holder stays for long. */
const LOOK_AGAIN = 250;

const MOST = 32;

/**
 * Returns the lock of the kernel: open file description locks on Linux, flock(2) on macOS, LockFileEx on Windows. The kernel
 * releases a lock the instant its process dies. Two locks of one process exclude each other as well.
 *
 * A suspended process does not release its lock. After the time it announced and a grace period, another process removes its lock
 * file and continues with a new one; `isLost` tells the suspended process when it continues.
 */
export function kernelLock(native: Native): AcquireStoreLock {
  const tryLock = (file: FileHandle): boolean => {
    try {
      return native.tryLock(file.fd, OFFSET, LENGTH);
    } catch (error) {
      // Windows reports a held lock as busy.
      if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
      throw error;
    }
  };

  /** Removes the lock file of a suspended holder. A second lock makes sure that one process at a time checks and removes. */
  async function removeSuspended(path: string, file: FileHandle, seen: Seen): Promise<void> {
    const turn = await openOrMake(`${path}.turn`);
    try {
      if (!tryLock(turn)) return;
      const { mtimeNs } = await file.stat({ bigint: true });
      if (mtimeNs === seen.mtime && (await leadsTo(path, file))) await unlink(path);
    } finally {
      await turn.close();
    }
  }

  function heldLock(path: string, file: FileHandle): HeldLock {
    let released: Promise<void> | undefined;
    const release = async () => {
      // Windows may release the lock some time after the file was closed.
      unlockQuietly(native, file);
      await file.close().catch(() => {});
    };
    return {
      isLost: async () => released === undefined && !(await leadsTo(path, file)),
      release: () => {
        released ??= release();
        return released;
      },
    };
  }

  return async (base, { duration, clock, signal }) => {
    const path = `${base}.lock`;
    let file: FileHandle | undefined;
    let seen: Seen | undefined;
    let lookAt = 0;
    try {
      return await poll(clock, signal, async (slept) => {
        file ??= await openOrMake(path);
        if (tryLock(file)) {
          // The write changes the modification time, which tells others that the holder is new.
          await file.write(String(duration).padEnd(MOST), 0);
          if (await leadsTo(path, file)) {
            const held = heldLock(path, file);
            file = undefined;
            return held;
          }
        } else if (slept < lookAt) {
          return undefined;
        } else if (await leadsTo(path, file)) {
          lookAt = slept + LOOK_AGAIN;
          seen = await look(file, slept, duration, seen);
          if (slept - seen.since <= seen.duration + GRACE) return undefined;
          await removeSuspended(path, file, seen);
        }
        // Another process has removed the file.
        await file.close();
        [file, seen, lookAt] = [undefined, undefined, 0];
        return undefined;
      });
    } catch (error) {
      throw signal.aborted ? error : fileError(path, error);
    } finally {
      await file?.close();
    }
  };
}

async function look(
  file: FileHandle,
  slept: number,
  duration: number,
  last: Seen | undefined,
): Promise<Seen> {
  const { mtimeNs: mtime } = await file.stat({ bigint: true });
  if (last?.mtime === mtime) return last;
  const said = Number.parseFloat(await readStart(file, MOST));
  return { mtime, since: slept, duration: said >= 0 ? said : duration };
}

/** Returns whether the path still leads to the open file. */
async function leadsTo(path: string, file: FileHandle): Promise<boolean> {
  const [there, here]: (BigIntStats | undefined)[] = await Promise.all([
    stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    }),
    file.stat({ bigint: true }),
  ]);
  return there !== undefined && there.ino === here?.ino && there.dev === here.dev;
}

function unlockQuietly(native: Native, file: FileHandle): void {
  try {
    native.unlock(file.fd, OFFSET, LENGTH);
  } catch {
    // Closing the file releases the lock as well.
  }
}
