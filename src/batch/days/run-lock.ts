import { basename, dirname, join, resolve } from 'node:path';
import type { Clock } from '../../core/index.ts';
import { lockOutput } from '../files/output-lock.ts';
import type { Target } from './targets.ts';

/** The lock that keeps other runs from exporting the same days. */
export interface RunLock {
  /** @throws BatchError `ERR_LOCKED` if another run has taken over the lock. */
  verify(): Promise<void>;
  release(): Promise<void>;
}

/** Acquires the lock of a run. @throws BatchError `ERR_LOCKED` if another run holds the lock. */
export async function lockRun<Item>(
  { day, sink }: Target<Item>,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<RunLock> {
  if (!sink.checkpoint) return lockOutput(lockPath(sink.path ?? '', day.date), clock, signal);
  const lock = await sink.lock?.(signal);
  return { verify: async () => {}, release: async () => lock?.release() };
}

/**
 * Returns the lock file of a run: the path of a day with `{date}` in place of the date, because runs over different days of the same files
 * must share one lock. The date can be in the name of a directory.
 */
export function lockPath(path: string, date: string): string {
  const [year, month, day] = date.split('-');
  const dates = new RegExp(`${year}(?<separator>[-_./]?)${month}\\k<separator>${day}`, 'g');
  const general = resolve(path).replace(dates, '{date}');
  const names = [`${basename(general)}.lock`];
  let directory = dirname(general);
  while (directory.includes('{date}')) {
    names.unshift(basename(directory));
    directory = dirname(directory);
  }
  return join(directory, names.join('_'));
}
