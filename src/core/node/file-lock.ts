import { randomUUID } from 'node:crypto';
import { lstat, open, readFile, rm, stat, utimes } from 'node:fs/promises';
import type { Clock } from '../index.ts';
import { isNewerFormat, newerFormat, sleep } from '../internal.ts';
import { IDENTITY_VERSION, isRunning, type ProcessIdentity, thisProcess } from './process-identity.ts';

/** A lock file that this process holds. */
export interface FileLock {
  /** @throws FileLockError `ERR_LOCKED` if another process has taken the lock over. */
  verify(): Promise<void>;
  release(): Promise<void>;
}

/** The content of a lock file. */
export interface LockHolder extends ProcessIdentity {
  /** Identifies one lock: a process can hold several. */
  id: string;
}

/** The state of a lock file. */
interface Found {
  /** Undefined if the file has no valid content, as while it is written. */
  holder: LockHolder | undefined;
  /** Changes with each heartbeat, and with each holder. */
  trace: string;
  touched: number;
}

/** The lock cannot be acquired. Errors of the file system are thrown as they are. */
export class FileLockError extends Error {
  override readonly name = 'FileLockError';
  readonly code: 'ERR_LOCKED' | 'ERR_BROKEN_LINK' | 'ERR_NEWER_FORMAT';
  /** The holder of the lock; undefined if the lock file cannot be read. */
  readonly holder: LockHolder | undefined;

  constructor(message: string, code: FileLockError['code'], holder?: LockHolder) {
    super(message);
    this.code = code;
    this.holder = holder;
  }
}

const HEARTBEAT = 3_000;
const SILENCE = 15_000;
const LOOK_AGAIN = 200;

/**
 * Acquires a lock file. A lock whose holder is dead is taken over: at once if the holder ran on this machine, otherwise after 15 seconds
 * without a heartbeat. A holder that was only suspended for that long learns of it from `verify`.
 *
 * @param signal ends the wait for a heartbeat.
 * @throws FileLockError `ERR_LOCKED` while another process holds the lock, `ERR_NEWER_FORMAT` if a newer version of this package created the
 * lock; the reason of `signal`; errors of the file system.
 */
export async function acquireFileLock(
  path: string,
  clock: Clock,
  signal = new AbortController().signal,
): Promise<FileLock> {
  const me: LockHolder = { id: randomUUID(), ...thisProcess() };
  while (!(await create(path, me))) {
    const found = await look(path);
    if (!found) continue;
    const version = found.holder?.version;
    if (isNewerFormat(version, IDENTITY_VERSION)) {
      throw new FileLockError(
        `${newerFormat(`${path}: the lock file`, version, IDENTITY_VERSION)}.`,
        'ERR_NEWER_FORMAT',
        found.holder,
      );
    }
    if (!(await isDead(path, found, me, clock, signal))) throw locked(path, (await look(path))?.holder);
    await removeAlone(path, me, clock, (now) => now.trace === found.trace);
  }

  let timer: unknown;
  const beat = () => {
    timer = clock.setTimeout(() => {
      const now = new Date();
      // A missed heartbeat matters only if another process takes the lock over, and `verify` detects that.
      utimes(path, now, now).catch(() => {});
      beat();
    }, HEARTBEAT);
  };
  beat();

  const isMine = ({ holder }: Found) => holder?.id === me.id;
  return {
    async verify() {
      const found = await look(path);
      if (!found || !isMine(found)) throw locked(path, found?.holder);
    },
    async release() {
      clock.clearTimeout(timer);
      // On a full disk the removal lock cannot be written. If the lock file stays, it is taken over; the caller's error matters more.
      await removeAlone(path, me, clock, isMine)
        .catch(() => removeIf(path, isMine))
        .catch(() => {});
    },
  };
}

async function create(path: string, me: LockHolder): Promise<boolean> {
  const file = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined;
    throw error;
  });
  if (!file) return false;
  try {
    await file.writeFile(JSON.stringify(me));
    return true;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Reads a lock file. Returns undefined if it does not exist. */
async function look(path: string): Promise<Found | undefined> {
  try {
    const { ino, mtimeMs } = await stat(path);
    const holder = parse(await readFile(path, 'utf8'));
    return { holder, trace: `${ino} ${mtimeMs} ${holder?.id}`, touched: mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await refuseBrokenLink(path);
    return undefined;
  }
}

/** Throws for a broken symbolic link, which can be neither created nor read: the loop would never end. */
async function refuseBrokenLink(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isSymbolicLink()) return;
  throw new FileLockError(
    `${path} is a symbolic link to a file that does not exist. Remove the link.`,
    'ERR_BROKEN_LINK',
  );
}

function parse(text: string): LockHolder | undefined {
  try {
    const holder: LockHolder = JSON.parse(text);
    return typeof holder.id === 'string' ? holder : undefined;
  } catch {
    return undefined;
  }
}

async function isDead(
  path: string,
  found: Found,
  me: LockHolder,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const running = found.holder && isRunning(found.holder, me);
  if (running === false) return true;
  // Without heartbeats, a process of this machine is stuck or suspended. It has the same clock as this process.
  if (running) return Date.now() - found.touched >= SILENCE;
  // The clock of another machine may differ: only a change of the file shows that the holder is alive.
  for (let waited = 0; waited < SILENCE; waited += LOOK_AGAIN) {
    await sleep(clock, LOOK_AGAIN, signal);
    const now = await look(path);
    if (now?.trace !== found.trace) return now === undefined;
  }
  return true;
}

/**
 * Removes the lock file if `isMeant` accepts it. Only one process removes at a time: otherwise a process could remove the lock file
 * that another has created after both had read the old one.
 */
async function removeAlone(
  path: string,
  me: LockHolder,
  clock: Clock,
  isMeant: (found: Found) => boolean,
): Promise<void> {
  const removalLock = `${path}.turn`;
  while (!(await create(removalLock, me))) {
    const other = await look(removalLock);
    const running = other?.holder && isRunning(other.holder, me);
    const abandoned = other && (running === false || Date.now() - other.touched >= SILENCE);
    if (abandoned) await rm(removalLock, { force: true });
    else await new Promise<void>((resolve) => void clock.setTimeout(resolve, LOOK_AGAIN / 10));
  }
  try {
    await removeIf(path, isMeant);
  } finally {
    await rm(removalLock, { force: true });
  }
}

async function removeIf(path: string, isMeant: (found: Found) => boolean): Promise<void> {
  const found = await look(path);
  if (found && isMeant(found)) await rm(path, { force: true });
}

function locked(path: string, holder: LockHolder | undefined): FileLockError {
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
  return new FileLockError(`${who} holds the lock ${path}`, 'ERR_LOCKED', holder);
}
