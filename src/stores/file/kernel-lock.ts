import type { BigIntStats } from 'node:fs';
import { type FileHandle, stat, unlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileError } from './error.ts';
import { openOrCreate, readStart } from './own-file.ts';
import { poll } from './polling.ts';
import { type AcquireStoreLock, type HeldLock, MAX_PAUSE_WITH_REPORTS } from './store-lock.ts';

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

/** Milliseconds between two checks of the holder. Only a suspended holder exceeds the announced time. */
const CHECK_INTERVAL = 250;

/** The length of the announced duration in the lock file, in bytes. */
const LENGTH_OF_DURATION = 32;

/**
 * Returns the lock of the kernel: open file description locks on Linux, flock(2) on macOS, LockFileEx on Windows. The kernel
 * releases a lock the instant its process dies. Two locks of one process exclude each other as well.
 *
 * A suspended process does not release its lock. After the time it announced and a grace period, another process removes its lock
 * file and continues with a new one; `isLost` tells the suspended process so when it continues.
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
    const removal = await openOrCreate(`${path}.turn`);
    try {
      if (!tryLock(removal)) return;
      const { mtimeNs } = await file.stat({ bigint: true });
      if (mtimeNs === seen.mtime && (await isPathOf(path, file))) await unlink(path);
    } finally {
      await removal.close();
    }
  }

  function heldLock(path: string, file: FileHandle): HeldLock {
    let released: Promise<void> | undefined;
    const release = async () => {
      // Windows may release the lock some time after the file was closed.
      unlockQuietly(native, file);
      // Waiting processes watch the file, and closing it is not reported.
      const now = new Date();
      await file.utimes(now, now).catch(() => {});
      await file.close().catch(() => {});
    };
    return {
      isLost: async () => released === undefined && !(await isPathOf(path, file)),
      release: () => {
        released ??= release();
        return released;
      },
    };
  }

  return async (base, { duration, clock, signal, changes }) => {
    const path = `${base}.lock`;
    let file: FileHandle | undefined;
    let seen: Seen | undefined;
    let checkAt = 0;
    try {
      const attempt = async (slept: number): Promise<HeldLock | undefined> => {
        file ??= await openOrCreate(path);
        if (tryLock(file)) {
          // The write changes the modification time, which tells others that the holder is new.
          await file.write(String(duration).padEnd(LENGTH_OF_DURATION), 0);
          if (await isPathOf(path, file)) {
            const held = heldLock(path, file);
            file = undefined;
            return held;
          }
        } else if (slept < checkAt) {
          return undefined;
        } else if (await isPathOf(path, file)) {
          checkAt = slept + CHECK_INTERVAL;
          seen = await inspectHolder(file, slept, duration, seen);
          if (slept - seen.since <= seen.duration + GRACE) return undefined;
          await removeSuspended(path, file, seen);
        }
        // Another process has removed the lock file.
        await file.close();
        [file, seen, checkAt] = [undefined, undefined, 0];
        return undefined;
      };
      const wake = changes?.of(basename(path));
      return await poll(clock, signal, attempt, wake, wake && MAX_PAUSE_WITH_REPORTS);
    } catch (error) {
      throw signal.aborted ? error : fileError(path, error);
    } finally {
      await file?.close();
    }
  };
}

async function inspectHolder(
  file: FileHandle,
  slept: number,
  duration: number,
  last: Seen | undefined,
): Promise<Seen> {
  const { mtimeNs: mtime } = await file.stat({ bigint: true });
  if (last?.mtime === mtime) return last;
  const announced = Number.parseFloat(await readStart(file, LENGTH_OF_DURATION));
  return { mtime, since: slept, duration: announced >= 0 ? announced : duration };
}

/** Returns whether the path still names the open file. */
async function isPathOf(path: string, file: FileHandle): Promise<boolean> {
  const [atPath, opened]: (BigIntStats | undefined)[] = await Promise.all([
    stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    }),
    file.stat({ bigint: true }),
  ]);
  return atPath !== undefined && atPath.ino === opened?.ino && atPath.dev === opened.dev;
}

function unlockQuietly(native: Native, file: FileHandle): void {
  try {
    native.unlock(file.fd, OFFSET, LENGTH);
  } catch {
    // Closing the file releases the lock as well.
  }
}
