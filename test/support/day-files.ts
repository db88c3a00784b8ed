import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import {
  type Day,
  type ExportDaysOptions,
  exportDays,
  jsonLinesFile,
  type PageSource,
} from '../../src/batch/index.ts';
import { createShiftedClock } from './shifted-clock.ts';

/** A record of a test: its id, the time at which it began, and a value that can change later. */
export interface DayRecord {
  id: string;
  at: string;
  value: number;
}

/** Returns a clock that says this time, and whose timers are real. */
export function clockAt(time: string) {
  const clock = createShiftedClock();
  clock.shift(Date.parse(time) - clock.now());
  return clock;
}

/** Returns a source of prepared pages for a day. @param records returns the records that the API returns for the day. */
export function daySource(
  day: Day,
  records: (day: Day) => readonly DayRecord[],
  more: Partial<PageSource<DayRecord>> = {},
): PageSource<DayRecord> {
  return {
    name: 'days',
    query: day.interval,
    identify: ({ id }) => id,
    startedAt: ({ at }) => at,
    async *read({ from, signal }) {
      const all = records(day);
      for (let page = Number(from ?? 0); page * 2 < Math.max(1, all.length); page++) {
        signal.throwIfAborted();
        const items = all.slice(page * 2, page * 2 + 2);
        const isLast = page * 2 + 2 >= all.length;
        yield { items, window: 'day', stated: all.length, ...(!isLast && { next: page + 1 }) };
      }
    },
    ...more,
  };
}

/** Exports UTC days into files of a directory. */
export function dayFiles(directory: string, options: Partial<ExportDaysOptions<DayRecord>>) {
  return exportDays<DayRecord>({
    api: axios.create({ baseURL: 'http://127.0.0.1:9' }),
    days: '2026-10-01',
    source: (day) => daySource(day, recordsOf),
    sink: ({ date }) => jsonLinesFile(pathOf(directory, date)),
    clock: clockAt('2026-11-01T00:00Z'),
    maxOutage: 0,
    ...options,
  });
}

export const pathOf = (directory: string, date: string) => join(directory, `c-${date}.jsonl`);

/** Five records that began on the day, and a neighbour's record before and after. */
export function recordsOf({ date, interval }: Day): DayRecord[] {
  const [start = '', end = ''] = interval.split('/');
  const within = Array.from({ length: 5 }, (_, n) => ({
    id: `${date} ${n}`,
    at: `${date}T0${n}:00:00Z`,
    value: 0,
  }));
  return [
    { id: `before ${date}`, at: new Date(Date.parse(start) - 1).toISOString(), value: 0 },
    ...within,
    { id: `after ${date}`, at: end, value: 0 },
  ];
}

/** Returns the text of the complete file of a day. */
export function textOf(records: readonly DayRecord[], date: string): string {
  return records
    .filter(({ at }) => at.startsWith(date))
    .map((record) => `${JSON.stringify(record)}\n`)
    .join('');
}

/** Returns the texts of all files that are not checkpoints, by name. */
export async function contents(directory: string): Promise<Record<string, string>> {
  const names = (await readdir(directory)).filter((name) => !name.includes('.checkpoint')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
}
