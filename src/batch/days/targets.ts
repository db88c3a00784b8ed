import { resolve } from 'node:path';
import { type Problem, refuse } from '../../core/internal.ts';
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
    return { day, source, sink };
  });
  refuse('exportDays', problemsOf(targets));
  return targets.map((target) => ({ ...target, subject: subjectOf(target.source, target.sink, account) }));
}

/** Returns only the first problem, because all days usually have the same one. */
function problemsOf<Item>(targets: readonly Omit<Target<Item>, 'subject'>[]): Problem[] {
  const dates = new Map<string, string>();
  const problems = targets.map(({ day: { date }, source, sink }) => {
    if (typeof source?.read !== 'function')
      return `source(${date}) must return a page source, such as genesysConversations(...)`;
    if (typeof sink?.open !== 'function')
      return `sink(${date}) must return a sink, such as jsonLinesFile(...)`;
    const { path, checkpoint, at } = sink;
    if (checkpoint) return undefined;
    if (path === undefined)
      return `sink(${date}) must return a sink with a path or a checkpoint, because complete days are unknown otherwise`;
    if (!at)
      return `sink(${date}) must return a sink with the method at, which returns the sink of another file`;
    const file = resolve(path);
    const other = dates.get(file);
    dates.set(file, date);
    return (
      other &&
      `sink returns the same file for ${other} and ${date}: ${path}. The name of the file must contain the date of the day`
    );
  });
  return [problems.find(Boolean)];
}
