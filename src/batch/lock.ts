import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Clock } from '../clock.ts';
import { BatchError } from './errors.ts';
import { fileError } from './file-error.ts';

/** The right to write an output, held by one run at a time. */
export interface Lock {
  /** @throws BatchError `ERR_LOCKED` when another run has taken it over. */
  verify(): Promise<void>;
  release(): Promise<void>;
}

interface Holder {
  id: string;
  pid: number;
  /** When that process began, in epoch milliseconds: numbers of processes are used again. */
  began: number;
  host: string;
}

// A holder on another host is known to live by the time of its lock file alone.
const HEARTBEAT = 3_000;
const SILENCE = 15_000;

// The time of a process's beginning is computed anew by each run in it.
const SAME_BEGINNING = 500;

/**
 * Takes the lock file of an output. One whose holder is dead is taken over: at once when it ran on this host, after 15 seconds
 * without a sign of life otherwise. A holder that was only asleep finds out by `verify`.
 *
 * @throws BatchError `ERR_LOCKED` while another run holds it.
 */
export async function takeLock(path: string, clock: Clock): Promise<Lock> {
  const me: Holder = { id: randomUUID(), pid: process.pid, began: processBegan(), host: hostname() };
  while (!(await create(path, me))) {
    const holder = await readHolder(path);
    if (await isAlive(path, holder)) throw locked(path, holder);
    await discard(path, holder, me);
  }

  let timer: unknown;
  const beat = () => {
    timer = clock.setTimeout(() => {
      const now = new Date();
      // A sign of life that fails is noticed by others only, and `verify` tells whether they acted on it.
      utimes(path, now, now).catch(() => {});
      beat();
    }, HEARTBEAT);
  };
  beat();

  const isMine = async () => (await readHolder(path))?.id === me.id;
  return {
    async verify() {
      if (await isMine()) return;
      throw locked(path, await readHolder(path));
    },
    async release() {
      clock.clearTimeout(timer);
      if (await isMine()) await rm(path, { force: true });
    },
  };
}

async function create(path: string, me: Holder): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(JSON.stringify(me)).finally(() => file.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw fileError(path, error);
  }
}

/** Who holds the lock; undefined when nobody does, or when it is just being written. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

async function isAlive(path: string, holder: Holder | undefined): Promise<boolean> {
  if (holder?.host === hostname() && !isRunning(holder)) return false;
  const touched = await stat(path).catch(() => undefined);
  return touched !== undefined && Date.now() - touched.mtimeMs < SILENCE;
}

function isRunning({ pid, began }: Holder): boolean {
  // In a container that was started again the dead holder may have had the number of this very process.
  if (pid === process.pid) return Math.abs(began - processBegan()) < SAME_BEGINNING;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function processBegan(): number {
  return Date.now() - process.uptime() * 1000;
}

/** Takes away the lock of a dead holder, and no other that came meanwhile. */
async function discard(path: string, dead: Holder | undefined, me: Holder): Promise<void> {
  const aside = `${path}.${me.id}`;
  // Of several that find the same dead holder one alone moves its file.
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  const taken = await readHolder(aside);
  if (taken && taken.id !== dead?.id) await rename(aside, path);
  else await rm(aside, { force: true });
}

function locked(path: string, holder: Holder | undefined): BatchError {
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
  return new BatchError(
    `${who} is writing this output (${path}). Wait for its end or choose another output; ` +
      'a lock whose process is dead is taken over by itself.',
    'ERR_LOCKED',
  );
}
