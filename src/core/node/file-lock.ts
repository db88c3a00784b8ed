import { randomUUID } from 'node:crypto';
import { lstat, open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { BatchError } from '../../batch/errors.ts';
import { fileError } from '../../batch/files/file-error.ts';
import { interrupted } from '../../batch/to-batch-error.ts';
import { type Clock, sleep } from '../clock.ts';
import { isRunning, markProcess, type ProcessMark } from './process-identity.ts';

/** The right to write an output, held by one run at a time. */
export interface Lock {
  /** @throws BatchError `ERR_LOCKED` when another run has taken it over. */
  verify(): Promise<void>;
  release(): Promise<void>;
}

/** What a lock file says. */
interface Holder extends ProcessMark {
  /** Of one run: a process can have several. */
  id: string;
}

/** A lock file as it was found. */
interface Found {
  /** Undefined when it cannot be read, or is just being written. */
  holder: Holder | undefined;
  /** Changes with each sign of life, and with each holder. */
  trace: string;
  touched: number;
}

const HEARTBEAT = 3_000;
const SILENCE = 15_000;
const LOOK_AGAIN = 200;

/**
 * Takes the lock file of an output. One whose holder is dead is taken over: at once when it ran on this machine, after 15 seconds
 * without a sign of life otherwise. A holder that was only asleep for so long finds out by `verify`.
 *
 * @param signal ends the wait for a sign of life.
 * @throws BatchError `ERR_LOCKED` while another run holds it.
 */
export async function takeLock(
  path: string,
  clock: Clock,
  signal = new AbortController().signal,
): Promise<Lock> {
  const me: Holder = { id: randomUUID(), ...markProcess() };
  while (!(await create(path, me))) {
    const found = await look(path);
    if (!found) continue;
    if (!(await isDead(path, found, me, clock, signal))) throw locked(path, (await look(path))?.holder);
    await removeAlone(path, me, clock, (now) => now.trace === found.trace);
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

  const isMine = ({ holder }: Found) => holder?.id === me.id;
  return {
    async verify() {
      const found = await look(path);
      if (!found || !isMine(found)) throw locked(path, found?.holder);
    },
    async release() {
      clock.clearTimeout(timer);
      // A full disk has no room for taking turns. A lock that stays is taken over, and why the run ended matters more.
      await removeAlone(path, me, clock, isMine)
        .catch(() => removeIf(path, isMine))
        .catch(() => {});
    },
  };
}

async function create(path: string, me: Holder): Promise<boolean> {
  const file = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined;
    throw fileError(path, error);
  });
  if (!file) return false;
  try {
    await file.writeFile(JSON.stringify(me));
    return true;
  } catch (error) {
    await rm(path, { force: true });
    throw fileError(path, error);
  } finally {
    await file.close();
  }
}

/** @returns undefined when there is no lock file. */
async function look(path: string): Promise<Found | undefined> {
  try {
    const { ino, mtimeMs } = await stat(path);
    const holder = parse(await readFile(path, 'utf8'));
    return { holder, trace: `${ino} ${mtimeMs} ${holder?.id}`, touched: mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(path, error);
    await refuseBrokenLink(path);
    return undefined;
  }
}

/** It can be neither made nor read, and would be tried for ever. */
async function refuseBrokenLink(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isSymbolicLink()) return;
  throw new BatchError(`${path}: it is a link that leads nowhere. Remove it.`, 'ERR_OUTPUT');
}

function parse(text: string): Holder | undefined {
  try {
    const holder: Holder = JSON.parse(text);
    return typeof holder.id === 'string' ? holder : undefined;
  } catch {
    return undefined;
  }
}

async function isDead(
  path: string,
  found: Found,
  me: Holder,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const running = found.holder && isRunning(found.holder, me);
  if (running === false) return true;
  // A process of this machine that gives no sign of life hangs, or is stopped. It has the same clock as this one.
  if (running) return Date.now() - found.touched >= SILENCE;
  // Clocks of other machines differ from this one's: only that its file changes says that it lives.
  for (let waited = 0; waited < SILENCE; waited += LOOK_AGAIN) {
    await sleep(clock, LOOK_AGAIN, signal).catch((reason: unknown) => {
      throw interrupted(reason);
    });
    const now = await look(path);
    if (now?.trace !== found.trace) return now === undefined;
  }
  return true;
}

/**
 * Removes the lock file if it is the one meant. Those who remove take turns: else one could remove what another has
 * put in the place of what both have looked at.
 */
async function removeAlone(
  path: string,
  me: Holder,
  clock: Clock,
  isMeant: (found: Found) => boolean,
): Promise<void> {
  const turn = `${path}.turn`;
  while (!(await create(turn, me))) {
    const other = await look(turn);
    const running = other?.holder && isRunning(other.holder, me);
    const abandoned = other && (running === false || Date.now() - other.touched >= SILENCE);
    if (abandoned) await rm(turn, { force: true });
    else await new Promise<void>((resolve) => void clock.setTimeout(resolve, LOOK_AGAIN / 10));
  }
  try {
    await removeIf(path, isMeant);
  } finally {
    await rm(turn, { force: true });
  }
}

async function removeIf(path: string, isMeant: (found: Found) => boolean): Promise<void> {
  const found = await look(path);
  if (found && isMeant(found)) await rm(path, { force: true });
}

function locked(path: string, holder: Holder | undefined): BatchError {
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
  return new BatchError(
    `${who} is writing this output (${path}). Wait for its end or choose another output; ` +
      'a lock whose process is dead is taken over by itself.',
    'ERR_LOCKED',
  );
}
