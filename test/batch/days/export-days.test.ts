import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import { describe, expect, it } from 'vitest';
import {
  cxoneCompletedContacts,
  type Day,
  type ExportDaysOptions,
  exportDays,
  genesysConversationJobs,
  genesysConversations,
  genesysConversationsTutorial,
  gzipJsonLinesFile,
  jsonLinesFile,
  linkSource,
  type PageSource,
} from '../../../src/batch/index.ts';
import type { SimulatorOptions, VendorSimulator } from '../../../src/testing/index.ts';
import { temporaryDirectory } from '../../support/batch.ts';
import { createShiftedClock } from '../../support/shifted-clock.ts';
import { startSimulator } from '../../support/simulated.ts';

/** Returns a clock that says this time, and whose timers are real. */
function clockAt(time: string) {
  const clock = createShiftedClock();
  clock.shift(Date.parse(time) - clock.now());
  return clock;
}

const HOUR = 3_600_000;
const hoursOf = ({ interval }: Day) => {
  const [start = '', end = ''] = interval.split('/');
  return (Date.parse(end) - Date.parse(start)) / HOUR;
};

interface Vendor {
  name: string;
  idOf(record: Record<string, unknown>): unknown;
  startOf(record: Record<string, unknown>): unknown;
  source(day: Day, clock: { now(): number }): PageSource;
  issue?: 'cxone';
}

const bounds = ({ interval }: Day) => interval.split('/') as [string, string];

const conversation = {
  idOf: (record: Record<string, unknown>) => record.conversationId,
  startOf: (record: Record<string, unknown>) => record.conversationStart,
};

const VENDORS: Vendor[] = [
  {
    name: 'genesysConversations',
    ...conversation,
    source: ({ interval }, clock) => genesysConversations({ interval, clock: clock as never }) as PageSource,
  },
  {
    name: 'genesysConversations with halved windows',
    ...conversation,
    source: ({ interval }, clock) =>
      genesysConversations({
        interval,
        clock: clock as never,
        maxResults: 200,
        pageSize: 50,
      }) as PageSource,
  },
  {
    name: 'genesysConversationJobs',
    ...conversation,
    source: ({ interval }, clock) =>
      genesysConversationJobs({ interval, clock: clock as never, pollDelay: 1 } as never) as PageSource,
  },
  {
    name: 'genesysConversationsTutorial',
    ...conversation,
    source: (day, clock) => {
      const [dateFrom, dateTo] = bounds(day);
      return genesysConversationsTutorial({ dateFrom, dateTo, clock: clock as never });
    },
  },
  {
    name: 'cxoneCompletedContacts',
    issue: 'cxone',
    idOf: ({ contactId }) => contactId,
    startOf: ({ contactStart }) => contactStart,
    source: (day, clock) => {
      const [startDate, endDate] = bounds(day);
      return cxoneCompletedContacts({ startDate, endDate, clock: clock as never }) as PageSource;
    },
  },
  {
    name: 'linkSource with startedAt, whose API ignores the day',
    ...conversation,
    source: () =>
      linkSource({
        url: '/api/v2/analytics/conversations/details/query',
        method: 'post',
        data: { dateFrom: '2026-10-23', dateTo: '2026-10-28', size: 100 },
        items: 'results',
        next: 'nextPage',
        id: 'conversationId',
        startedAt: 'conversationStart',
      }),
  },
];

async function setUp(options: SimulatorOptions) {
  const simulator = await startSimulator(options);
  const directory = await temporaryDirectory();
  const headers = { Authorization: `Bearer ${simulator.issueToken()}` };
  const api = axios.create({ baseURL: simulator.url, headers, proxy: false });
  const base = {
    api,
    timeZone: 'Europe/Berlin',
    sink: ({ date }: Day) => jsonLinesFile(join(directory, `c-${date}.jsonl`)),
    checkpointInterval: 0,
  } satisfies Partial<ExportDaysOptions>;
  const read = async (date: string): Promise<Record<string, unknown>[]> =>
    (await readFile(join(directory, `c-${date}.jsonl`), 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { simulator, directory, base, read };
}

describe('a record', () => {
  it.each(VENDORS)(
    'is in the file of the Berlin day in which it began, with 25 hours, from $name',
    async (vendor) => {
      const { base, read } = await setUp({
        records: 2400,
        interval: '2026-10-23T00:00Z/2026-10-28T00:00Z',
        maxResults: 2000,
      });
      const clock = clockAt('2026-10-28T03:00Z');
      const summary = await exportDays({
        ...base,
        clock,
        days: '2026-10-24/2026-10-26',
        source: (day) => vendor.source(day, clock),
      });
      expect(summary.days.map(({ day }) => hoursOf(day))).toEqual([24, 25, 24]);
      const ids = new Set<unknown>();
      for (const { day, summary: one } of summary.days) {
        const [start, end] = bounds(day).map((time) => Date.parse(time)) as [number, number];
        const records = await read(day.date);
        expect(records.length).toBeGreaterThan(400);
        expect(records.length).toBe(one.records);
        for (const record of records) {
          const started = Date.parse(String(vendor.startOf(record)));
          expect(started >= start && started < end).toBe(true);
          ids.add(vendor.idOf(record));
        }
        if (one.stated !== undefined) {
          expect(one.records + one.outside + one.repeated + one.missing).toBe(one.stated);
        }
      }
      expect(ids.size).toBe(summary.records);
      // One record in 3 minutes.
      expect(summary.records).toBe(73 * 20);
    },
  );
});
