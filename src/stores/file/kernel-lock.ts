import type { BigIntStats } from 'node:fs';
import { type FileHandle, stat, unlink } from 'node:fs/promises';
import { fileError } from './error.ts';
import type { Held, TakeLock } from './file-lock.ts';
import { openOrMake, readStart } from './own-file.ts';
import { poll } from './polling.ts';

type Native = typeof import('fs-native-extensions');

/** Who holds a lock, as another sees it. */
interface Seen {
  mtime: bigint;
  /** How long the waiter had slept when it saw this first, in milliseconds. */
  since: number;
  /** What the holder said it takes, in milliseconds. */
  duration: number;
}

// Beyond what is written: on Windows, what is locked cannot be read by others.
const OFFSET = 2 ** 30;
const LENGTH = 1;

/** How much longer than it said a holder is waited for, in milliseconds. */
const GRACE = 5_000;

/** How often it is looked who the holder is, in milliseconds: nobody but a stopped one stays. */
const LOOK_AGAIN = 250;

const MOST = 32;

/**
 * Locks that the kernel keeps: open file description locks on Linux, flock(2) on macOS, LockFileEx on Windows. They are
 * free the instant their holder's process dies, and two of one process exclude each other as well.
 *
 * A process that is stopped does not let go of them. After the time it said it would take, and a while, its file is
 * removed and the lock goes on with a new one; `isLost` tells it when it continues.
 */
export function kernelLock(native: Native): TakeLock {
  const tryLock = (file: FileHandle): boolean => {
    try {
      return native.tryLock(file.fd, OFFSET, LENGTH);
    } catch (error) {
      // What Windows calls it.
      if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
      throw error;
    }
  };

  /** Lets the next have the lock of a holder that is stopped. Those who do so take turns, and look again. */
  async function passOver(path: string, file: FileHandle, seen: Seen): Promise<void> {
    const turn = await openOrMake(`${path}.turn`);
    try {
      if (!tryLock(turn)) return;
      const { mtimeNs } = await file.stat({ bigint: true });
      if (mtimeNs === seen.mtime && (await leadsTo(path, file))) await unlink(path);
    } finally {
      await turn.close();
    }
  }

  function holding(path: string, file: FileHandle): Held {
    let released: Promise<void> | undefined;
    const release = async () => {
      // Windows may take a while to do so itself.
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
          // A sign to others that this is another holder, even if the last one wrote the same.
          await file.write(String(duration).padEnd(MOST), 0);
          if (await leadsTo(path, file)) {
            const held = holding(path, file);
            file = undefined;
            return held;
          }
        } else if (slept < lookAt) {
          return undefined;
        } else if (await leadsTo(path, file)) {
          lookAt = slept + LOOK_AGAIN;
          seen = await look(file, slept, duration, seen);
          if (slept - seen.since <= seen.duration + GRACE) return undefined;
          await passOver(path, file, seen);
        }
        // Somebody has removed it.
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

/** Whether a path still leads to the file that was opened there. */
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
    // Closing it does the same.
  }
}
