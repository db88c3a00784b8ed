import { resolve } from 'node:path';
import { refuse } from '../../core/internal.ts';
import type { Subject } from '../checkpoint.ts';
import { type Day, listDays } from '../dates/list-days.ts';
import { subjectOf } from '../export/saved-export.ts';
import type { Sink } from '../sinks/sink.ts';
import type { PageSource } from '../sources/source.ts';
import type { PendingDaysOptions } from './options.ts';
import { startedWithin } from './started-within.ts';

/** What the export of a day reads and writes. */
export interface Target<Item> {
  readonly day: Day;
  readonly source: PageSource<Item>;
  readonly sink: Sink<Item>;
  /** What the checkpoint of the day must match. */
  readonly subject: Subject;
}

/** Returns the targets of all days. @throws ConfigurationError, and what the callbacks throw. */
export function targetsOf<Item>(options: PendingDaysOptions<Item>): Target<Item>[] {
  const { days, timeZone, clock, api } = options;
  const account = options.account ?? (api && (api.defaults.baseURL ?? ''));
  const targets = listDays(days, { timeZone, clock }).map((day) => {
    const source = startedWithin(options.source(day), day.interval);
    const sink = options.sink(day);
    return { day, source, sink, subject: subjectOf(source, sink, account) };
  });
  refuse('exportDays', problemsOf(targets));
  return targets;
}

function problemsOf<Item>(targets: readonly Target<Item>[]) {
  const dates = new Map<string, string>();
  return targets.map(({ day: { date }, sink }) => {
    const { path, checkpoint, at } = sink;
    if (checkpoint) return undefined;
    if (path === undefined)
      return `the sink of ${date} has neither a path nor a checkpoint, so complete days are unknown`;
    if (!at) return `the sink of ${date} must have the method at, which returns the sink of another file`;
    const other = dates.get(resolve(path));
    dates.set(resolve(path), date);
    return (
      other &&
      `the days ${other} and ${date} have the same file ${path}: the name must contain the date of the day`
    );
  });
}
