import { join, resolve } from 'node:path';
import type { Clock, SharedTokenStore, StoredToken } from '../../core/index.ts';
import {
  linkSignals,
  type OptionTable,
  type Problem,
  readOptions,
  refuse,
  systemClock,
  throwIfAborted,
} from '../../core/internal.ts';
import { allowListeners } from '../../core/node/index.ts';
import { sharedStore } from '../../token/index.ts';
import {
  createEncryption,
  ENCRYPTION_OPTIONS,
  type EncryptionOptions,
  encryptionProblems,
} from '../encryption.ts';
import { acquireLock, whileHeld } from './acquire-lock.ts';
import { chooseLock } from './choose-lock.ts';
import { entryOf } from './contents.ts';
import { defaultDirectory, prepareDirectory } from './directory.ts';
import { storeError } from './error.ts';
import { isFence, nextFence } from './fence.ts';
import type { AcquireStoreLock, HeldLock } from './store-lock.ts';
import { readTokenFile, removeLeftovers, setAside, writeTokenFile } from './token-file.ts';
import type { DirectoryChanges } from './watch-directory.ts';

/** Options of {@link fileStore}. */
export interface FileStoreOptions extends EncryptionOptions {
  /**
   * The directory of the token files, on a disk of this machine: locks on network file systems are unreliable. The store creates
   * the directory if it does not exist, and refuses a symbolic link and a directory that other users can access (mode 0700).
   *
   * @default `axios-oauth-refresh` in `$XDG_STATE_HOME` or `~/.local/state`; on Windows in `%LOCALAPPDATA%`
   */
  readonly directory?: string | undefined;
  /**
   * The kind of lock, which must be the same in all processes that share a directory. `kernel` is a lock of the operating system, which
   * requires the package `fs-native-extensions` and is released the instant its holder dies. `lease` is a file that names its holder.
   *
   * @default `kernel`; `lease` with a process warning if `fs-native-extensions` cannot be loaded
   */
  readonly lock?: 'kernel' | 'lease' | undefined;
  /** @default the system clock */
  readonly clock?: Clock | undefined;
}

// Matches the keys of token managers, and excludes paths that lead out of the directory.
export const KEY = /^[\w-]{1,100}$/;

/** The longest time to write a file, in milliseconds. */
const WRITE_DURATION = 5_000;

/** The longest wait for the write lock, in milliseconds: enough to take over the lock of two suspended processes. */
const WRITE_LOCK_TIMEOUT = 30_000;

/**
 * Creates a store of files, through which the processes of one user on one machine share tokens.
 *
 * The store uses the package `fs-native-extensions` for the kernel lock. The store renames a damaged file to `<key>.json.damaged`, and
 * token managers then fetch a new token.
 *
 * @throws ConfigurationError if an option is invalid. The methods of the store reject with a TokenStoreError that says what to check,
 * for example if other users can access the directory, if the disk is full, or if the encryption key is wrong.
 * @example
 * attachAuthRefresh(api, { vendor, store: fileStore({ encryptionKey: () => Buffer.from(process.env.KEY, 'base64') }) });
 */
export function fileStore(options: FileStoreOptions = {}): SharedTokenStore {
  const own = checkOptions(options);
  const { lock, clock = systemClock } = own;
  const loadEncryption = createEncryption(own);
  const directory = resolve(own.directory ?? defaultDirectory());
  const closing = new AbortController();
  // Each wait adds a listener. Many waits at the same time are not a leak.
  allowListeners(closing.signal);
  const locks = new Set<HeldLock>();
  let chosen: Promise<AcquireStoreLock> | undefined;

  /** Returns the path of the files of the key, without the file extension. */
  async function prepare(key: string): Promise<string> {
    throwIfAborted(closing.signal);
    if (!KEY.test(key)) throw storeError('a key must consist of 1 to 100 letters, digits, _ or -');
    await prepareDirectory(directory);
    return join(directory, key);
  }

  async function acquire(
    path: string,
    duration: number,
    signal: AbortSignal,
    changes?: DirectoryChanges,
  ): Promise<HeldLock> {
    chosen ??= chooseLock(lock);
    const acquired = await (await chosen)(path, { duration, clock, signal, changes });
    const held: HeldLock = {
      isLost: acquired.isLost,
      release() {
        locks.delete(held);
        return acquired.release();
      },
    };
    locks.add(held);
    return held;
  }

  /** Runs work while no other process changes the token file. */
  async function withWriteLock<T>(path: string, work: (held: HeldLock) => Promise<T>): Promise<T> {
    const limit = linkSignals(closing.signal);
    const late = `${path}.write: timed out after ${WRITE_LOCK_TIMEOUT / 1000} s waiting for the lock. Check for suspended processes`;
    const timer = clock.setTimeout(() => limit.abort(storeError(late)), WRITE_LOCK_TIMEOUT);
    const held = await acquire(`${path}.write`, WRITE_DURATION, limit.signal).finally(() => {
      clock.clearTimeout(timer);
      limit.unlink();
    });
    return work(held).finally(held.release);
  }

  async function read(key: string, path: string): Promise<StoredToken | undefined> {
    const encryption = await loadEncryption();
    const file = `${path}.json`;
    const { stored, damaged } = await readTokenFile(file, key, encryption);
    if (!damaged) return stored;
    return withWriteLock(path, async () => {
      // Another process may have moved the file, and stored a token since.
      const now = await readTokenFile(file, key, encryption);
      if (now.damaged) await setAside(file);
      return now.stored;
    });
  }

  return sharedStore({
    get: async (key) => read(key, await prepare(key)),

    async set(key, stored) {
      if (!isFence(stored.fence))
        throw storeError(`the fence must be an integer above 0, but is ${stored.fence}`);
      const path = await prepare(key);
      const file = `${path}.json`;
      const encryption = await loadEncryption();
      return withWriteLock(path, async (held) => {
        const now = await readTokenFile(file, key, encryption);
        if (now.damaged) await setAside(file);
        if (now.stored && stored.fence <= now.stored.fence) return false;
        await removeLeftovers(file);
        await writeTokenFile(file, key, stored, encryption, async () => {
          if (await held.isLost())
            throw storeError(`${file}: this process was suspended during the write, and lost the write lock`);
        });
        encryption.noteWritten(entryOf(file));
        return true;
      });
    },

    async withLock(key, { duration, signal, stopWaitingWith }, work) {
      throwIfAborted(signal);
      const path = await prepare(key);
      const outcome = await acquireLock(
        clock,
        { signal, stopWaitingWith },
        closing.signal,
        `${path}.json`,
        (waiting, changes) => acquire(path, duration, waiting, changes),
        () => read(key, path),
      );
      if ('stoppedWith' in outcome) return outcome.stoppedWith;
      const { held } = outcome;
      try {
        const stored = await read(key, path);
        const fence = await nextFence(`${path}.fence`, stored?.fence ?? 0, clock);
        return await whileHeld(clock, held, (lost) => work({ fence, signal: lost }));
      } finally {
        await held.release();
      }
    },

    async close() {
      closing.abort(storeError('the file store is closed'));
      await Promise.all([...locks].map((held) => held.release()));
    },
  });
}

const OPTIONS: OptionTable<FileStoreOptions> = {
  ...ENCRYPTION_OPTIONS,
  directory: 'any',
  lock: 'any',
  clock: 'object',
};

function checkOptions(given: FileStoreOptions): FileStoreOptions {
  const [options, problems] = readOptions(given, OPTIONS);
  const [directory, lock] = locationProblems(options);
  refuse('fileStore', [directory, ...encryptionProblems(options), lock, ...problems]);
  return options;
}

/** Returns the problems of the options that the store and the rate share. */
export function locationProblems({
  directory,
  lock,
}: Pick<FileStoreOptions, 'directory' | 'lock'>): [Problem, Problem] {
  return [
    directory !== undefined &&
      (typeof directory !== 'string' || directory === '') &&
      'directory must be the path of a directory',
    lock !== undefined && lock !== 'kernel' && lock !== 'lease' && "lock must be 'kernel' or 'lease'",
  ];
}
