import { join, resolve } from 'node:path';
import type { Rate, RateLimiter } from '../../core/index.ts';
import {
  type OptionTable,
  RATE_INTERVAL,
  rateProblems,
  readOptions,
  refuse,
  sleep,
  systemClock,
  throwIfAborted,
  unlessAborted,
} from '../../core/internal.ts';
import { chooseLock } from './choose-lock.ts';
import { defaultDirectory, prepareDirectory } from './directory.ts';
import { fileError } from './error.ts';
import { type FileStoreOptions, KEY, locationProblems } from './file-store.ts';
import { openOrCreate, readStart } from './own-file.ts';
import { type RateState, reserveSlots } from './reserve-slots.ts';
import type { AcquireStoreLock } from './store-lock.ts';

/** Options of {@link fileRate}. */
export interface FileRateOptions extends Rate, Pick<FileStoreOptions, 'directory' | 'lock' | 'clock'> {
  /** Processes with the same key and directory share one rate. 1 to 100 letters, digits, `_` or `-`. */
  key: string;
}

const OPTIONS: OptionTable<FileRateOptions> = {
  key: 'any',
  directory: 'any',
  lock: 'any',
  clock: 'object',
  requests: 'any',
  interval: 'any',
};

/** A call of the limiter that has no time reserved yet. */
interface Caller {
  readonly signal: AbortSignal;
  resolve(slot: number): void;
  reject(error: unknown): void;
}

/** The longest time to hold the lock, in milliseconds. */
const DURATION = 5_000;

/** How late a request may be sent, in milliseconds. */
const MAX_LATENESS = 250;

const DIGITS = `${Number.MAX_SAFE_INTEGER}`.length;

/**
 * Returns a rate limiter that the processes of one user on one machine share through a file: requests are evenly spaced. Processes with
 * different rates never exceed the highest of the rates together. A killed process delays the others by 2 seconds at most, and a process that
 * is suspended at a bad moment by 15 seconds. A process that wakes up more than 250 ms after a reserved time reserves another time.
 *
 * @throws ConfigurationError if an option is invalid. The limiter rejects with a TokenStoreError that says what to check, for example if
 * other users can access the directory.
 * @example
 * attachAuthRefresh(api, { vendor, store: fileStore(), rate: fileRate({ key: 'genesys', requests: 300 }) });
 */
export function fileRate(options: FileRateOptions): RateLimiter {
  const own = checkOptions(options);
  const { lock, clock = systemClock } = own;
  const directory = resolve(own.directory ?? defaultDirectory());
  const path = join(directory, `${own.key}.rate`);
  const gap = Math.ceil(((own.interval ?? RATE_INTERVAL) * 1_000) / own.requests);
  let chosen: Promise<AcquireStoreLock> | undefined;
  let waiting: Caller[] = [];
  let isServing = false;

  /** Reserves times for all waiting callers at once, because one lock for each request would be slow. */
  async function serve(): Promise<void> {
    for (;;) {
      waiting = waiting.filter(({ signal }) => !signal.aborted);
      const [first] = waiting;
      if (!first) break;
      try {
        const { slots, retryAt } = await reserve(first.signal);
        for (const slot of slots) waiting.shift()?.resolve(slot / 1_000);
        const delay = retryAt / 1_000 - clock.now();
        if (waiting[0]) await sleep(clock, delay, waiting[0].signal).catch(() => {});
      } catch (error) {
        if (first.signal.aborted) continue;
        for (const { reject } of waiting.splice(0)) reject(error);
      }
    }
    isServing = false;
  }

  async function reserve(signal: AbortSignal) {
    await prepareDirectory(directory);
    chosen ??= chooseLock(lock);
    const held = await (await chosen)(path, { duration: DURATION, clock, signal });
    try {
      const file = await openOrCreate(path);
      try {
        const stored = decode(await readStart(file, 2 * DIGITS + 1));
        const reservation = reserveSlots(stored, Math.floor(clock.now() * 1_000), gap, waiting.length);
        await file.write(encode(reservation.state), 0);
        return reservation;
      } finally {
        await file.close();
      }
    } catch (error) {
      throw fileError(path, error);
    } finally {
      await held.release();
    }
  }

  /** Waits for a reserved time. Returns how many milliseconds ago that time was. */
  async function waitForSlot(signal: AbortSignal): Promise<number> {
    throwIfAborted(signal);
    const reserved = new Promise<number>((resolve, reject) => {
      waiting.push({ signal, resolve, reject });
    });
    if (!isServing) {
      isServing = true;
      serve();
    }
    const slot = await unlessAborted(signal, reserved);
    const wait = Math.ceil(slot - clock.now());
    if (wait > 0) await sleep(clock, wait, signal);
    return clock.now() - slot;
  }

  return async (signal) => {
    // A process that was suspended would send all its reserved requests at once. Not more than one further time: on a busy machine, each time
    // can be late, and the requests must not wait for ever.
    if ((await waitForSlot(signal)) > MAX_LATENESS) await waitForSlot(signal);
  };
}

function checkOptions(given: FileRateOptions): FileRateOptions {
  const [own, problems] = readOptions(given, OPTIONS);
  const { key, requests, interval } = own;
  refuse('fileRate', [
    (typeof key !== 'string' || !KEY.test(key)) && 'key must consist of 1 to 100 letters, digits, _ or -',
    ...locationProblems(own),
    ...rateProblems({ requests, interval }),
    ...problems,
  ]);
  return own;
}

/** With a fixed number of digits, the write replaces all of the previous state. */
function encode({ next, gap }: RateState): string {
  return [next, gap].map((value) => String(value).padStart(DIGITS, '0')).join(' ');
}

/** Returns undefined if the text is empty or damaged. */
function decode(text: string): RateState | undefined {
  const [, next, gap] = /^(\d+) (\d+)$/.exec(text) ?? [];
  return next === undefined ? undefined : { next: Number(next), gap: Number(gap) };
}
