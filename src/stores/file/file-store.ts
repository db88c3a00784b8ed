import { setMaxListeners } from 'node:events';
import { join, resolve } from 'node:path';
import type { Clock, SharedTokenStore, StoredToken } from '../../core/index.ts';
import { linkSignals, refuse, systemClock } from '../../core/internal.ts';
import { sharedStore } from '../../token/index.ts';
import { acquireLock, whileHeld } from './acquire-lock.ts';
import { chooseLock } from './choose-lock.ts';
import { defaultDirectory, prepareDirectory } from './directory.ts';
import { askForKey, type EncryptionKey } from './encryption.ts';
import { storeError } from './error.ts';
import { isFence, nextFence } from './fence.ts';
import type { AcquireStoreLock, HeldLock } from './store-lock.ts';
import { readTokenFile, removeLeftovers, setAside, writeTokenFile } from './token-file.ts';

/** Where and how {@link fileStore} keeps tokens. */
export interface FileStoreOptions {
  /**
   * The directory of the files, on a disk of this machine: locks on network file systems are not to be relied on. It is
   * made when it is not there, and refused unless it is this user's alone (mode 0700) and no link.
   *
   * @default `axios-oauth-refresh` in `$XDG_STATE_HOME` or `~/.local/state`; on Windows in `%LOCALAPPDATA%`
   */
  readonly directory?: string | undefined;
  /**
   * Gives the 32 bytes with which files are encrypted (AES-256-GCM). It is called at each read and write. Files that
   * are not encrypted are still read, and encrypted when the next token is written.
   *
   * @default none: files are readable by this user
   */
  readonly encryptionKey?: EncryptionKey | undefined;
  /**
   * How processes take turns, the same for all that share a directory. `kernel`: by a lock of the operating system,
   * free the instant its holder dies, of the package `fs-native-extensions`. `lease`: by a file that names its holder.
   *
   * @default `kernel` where that package can be loaded, and `lease` elsewhere, with a warning of the process
   */
  readonly lock?: 'kernel' | 'lease' | undefined;
  /** @default the machine's own clock */
  readonly clock?: Clock | undefined;
}

// As token managers make them; and nothing that leads out of the directory.
const KEY = /^[\w-]{1,100}$/;

/** Milliseconds a file is written for at most. */
const WRITING = 5_000;

/** Milliseconds after which a turn to write is not waited for any more: by then two holders were passed over. */
const TOO_LONG = 30_000;

/**
 * Makes a store of files, by which the processes of one user on one machine share tokens.
 *
 * It needs the packages `write-file-atomic` and, for the best lock, `fs-native-extensions`. A damaged file is set aside
 * as `<key>.json.damaged`, and a token fetched anew.
 *
 * @throws ConfigurationError when an option cannot work. What it does rejects with TokenStoreError, which says what to
 * check: the directory or a file is not this user's alone, the disk is full, the key is another.
 * @example
 * attachAuthRefresh(api, { vendor, store: fileStore({ encryptionKey: () => Buffer.from(process.env.KEY, 'base64') }) });
 */
export function fileStore(options: FileStoreOptions = {}): SharedTokenStore {
  refuseBad(options);
  const { encryptionKey, lock, clock = systemClock } = options;
  const directory = resolve(options.directory ?? defaultDirectory());
  const closing = new AbortController();
  // Each wait listens, and there is one for each token that a process needs at a time: that is no leak.
  setMaxListeners(0, closing.signal);
  const locks = new Set<HeldLock>();
  let chosen: Promise<AcquireStoreLock> | undefined;

  /** @returns the path of the key's files, less their endings. */
  async function prepare(key: string): Promise<string> {
    closing.signal.throwIfAborted();
    if (!KEY.test(key)) throw storeError('a key must be 1 to 100 letters, digits, _ or -');
    await prepareDirectory(directory);
    return join(directory, key);
  }

  async function take(path: string, duration: number, signal: AbortSignal): Promise<HeldLock> {
    chosen ??= chooseLock(lock);
    const taken = await (await chosen)(path, { duration, clock, signal });
    const held: HeldLock = {
      isLost: taken.isLost,
      release() {
        locks.delete(held);
        return taken.release();
      },
    };
    locks.add(held);
    return held;
  }

  /** Runs what looks at a token's file and changes it, while nobody else does. */
  async function alone<T>(path: string, work: (held: HeldLock) => Promise<T>): Promise<T> {
    const limit = linkSignals(closing.signal);
    const timer = clock.setTimeout(
      () => limit.abort(storeError(`${path}.write: another process has held this lock for too long`)),
      TOO_LONG,
    );
    const held = await take(`${path}.write`, WRITING, limit.signal).finally(() => {
      clock.clearTimeout(timer);
      limit.unlink();
    });
    return work(held).finally(held.release);
  }

  async function read(key: string, path: string): Promise<StoredToken | undefined> {
    const secret = await askForKey(encryptionKey);
    const file = `${path}.json`;
    const { stored, damaged } = await readTokenFile(file, key, secret);
    if (!damaged) return stored;
    return alone(path, async () => {
      // Somebody may have done it, and written since.
      const now = await readTokenFile(file, key, secret);
      if (now.damaged) await setAside(file);
      return now.stored;
    });
  }

  return sharedStore({
    get: async (key) => read(key, await prepare(key)),

    async set(key, stored) {
      if (!isFence(stored.fence)) throw storeError('a fence must be a whole number above 0, as locks have');
      const path = await prepare(key);
      const file = `${path}.json`;
      const secret = await askForKey(encryptionKey);
      return alone(path, async (held) => {
        const now = await readTokenFile(file, key, secret);
        if (now.damaged) await setAside(file);
        if (now.stored && stored.fence <= now.stored.fence) return false;
        await removeLeftovers(file);
        await writeTokenFile(file, key, stored, secret, async () => {
          if (await held.isLost())
            throw storeError(`${file}: this process slept while it wrote, and others went on`);
        });
        return true;
      });
    },

    async withLock(key, { duration, signal, stopWaitingWith }, work) {
      signal.throwIfAborted();
      const path = await prepare(key);
      const outcome = await acquireLock(
        clock,
        { signal, stopWaitingWith },
        closing.signal,
        `${path}.json`,
        (waiting) => take(path, duration, waiting),
        () => read(key, path),
      );
      if ('left' in outcome) return outcome.left;
      const { held } = outcome;
      try {
        const kept = await read(key, path);
        const fence = await nextFence(`${path}.fence`, kept?.fence ?? 0, clock);
        return await whileHeld(clock, held, (lost) => work({ fence, signal: lost }));
      } finally {
        await held.release();
      }
    },

    async close() {
      closing.abort(storeError('the file store was closed'));
      await Promise.all([...locks].map((held) => held.release()));
    },
  });
}

function refuseBad({ directory, encryptionKey, lock }: FileStoreOptions): void {
  refuse('fileStore', [
    directory !== undefined &&
      (typeof directory !== 'string' || directory === '') &&
      'directory must be the path of a directory',
    encryptionKey !== undefined &&
      typeof encryptionKey !== 'function' &&
      'encryptionKey must be a function that returns 32 bytes',
    lock !== undefined && lock !== 'kernel' && lock !== 'lease' && "lock must be 'kernel' or 'lease'",
  ]);
}
