import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import { describe, expect, it } from 'vitest';
import {
  type Clock,
  cxoneCompletedContacts,
  type Day,
  exportDays,
  genesysConversationJobs,
  genesysConversations,
  genesysConversationsTutorial,
  jsonLinesFile,
  linkSource,
  type PageSource,
} from '../../../src/batch/index.ts';
import type { VendorSimulator } from '../../../src/testing/index.ts';
import { temporaryDirectory } from '../../support/batch.ts';
import { clockAt } from '../../support/day-files.ts';
import { startSimulator } from '../../support/simulated.ts';

interface Vendor {
  name: string;
  idOf(record: Record<string, unknown>): unknown;
  startOf(record: Record<string, unknown>): unknown;
  source(day: Day, clock: Clock): PageSource;
  audience?: Parameters<VendorSimulator['issueToken']>[0];
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
    source: ({ interval }, clock) => genesysConversations({ interval, clock }) as PageSource,
  },
  {
    name: 'genesysConversations with halved windows',
    ...conversation,
    source: ({ interval }, clock) =>
      genesysConversations({
        interval,
        clock,
        maxResults: 100,
        pageSize: 50,
      }) as PageSource,
  },
  {
    name: 'genesysConversationJobs',
    ...conversation,
    source: ({ interval }, clock) => genesysConversationJobs({ interval, clock, pollDelay: 1 }) as PageSource,
  },
  {
    name: 'genesysConversationsTutorial',
    ...conversation,
    source: (day, clock) => {
      const [dateFrom, dateTo] = bounds(day);
      return genesysConversationsTutorial({ dateFrom, dateTo, clock });
    },
  },
  {
    name: 'cxoneCompletedContacts',
    audience: 'cxone',
    idOf: ({ contactId }) => contactId,
    startOf: ({ contactStart }) => contactStart,
    source: (day, clock) => {
      const [startDate, endDate] = bounds(day);
      return cxoneCompletedContacts({ startDate, endDate, clock }) as PageSource;
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

describe('exportDays', () => {
  it.each(VENDORS)(
    'writes each record to the file of the Berlin day in which it began, from $name',
    async (vendor) => {
      const simulator = await startSimulator({
        records: 1200,
        interval: '2026-10-23T00:00Z/2026-10-28T00:00Z',
      });
      const directory = await temporaryDirectory();
      const headers = { Authorization: `Bearer ${simulator.issueToken(vendor.audience)}` };
      const clock = clockAt('2026-10-28T03:00Z');
      const summary = await exportDays({
        api: axios.create({ baseURL: simulator.url, headers, proxy: false }),
        timeZone: 'Europe/Berlin',
        clock,
        days: '2026-10-24/2026-10-26',
        source: (day) => vendor.source(day, clock),
        sink: ({ date }) => jsonLinesFile(join(directory, `${date}.jsonl`)),
      });
      const ids = new Set<unknown>();
      for (const { day, summary: one } of summary.days) {
        const [start, end] = bounds(day).map((time) => Date.parse(time)) as [number, number];
        const text = await readFile(join(directory, `${day.date}.jsonl`), 'utf8');
        const records = text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line));
        expect(records).toHaveLength(one.records);
        for (const record of records) {
          const started = Date.parse(String(vendor.startOf(record)));
          expect(started >= start && started < end).toBe(true);
          ids.add(vendor.idOf(record));
        }
        if (one.stated !== undefined)
          expect(one.records + one.outside + one.repeated + one.missing).toBe(one.stated);
      }
      // A record begins every 6 minutes. The second day has 25 hours.
      expect(summary.days.map(({ summary: { records } }) => records)).toEqual([240, 250, 240]);
      expect(ids.size).toBe(730);
    },
  );

  it('exports a day with 23 hours', async () => {
    const simulator = await startSimulator({ records: 480, interval: '2026-03-28T00:00Z/2026-03-30T00:00Z' });
    const directory = await temporaryDirectory();
    const headers = { Authorization: `Bearer ${simulator.issueToken()}` };
    const summary = await exportDays({
      api: axios.create({ baseURL: simulator.url, headers, proxy: false }),
      timeZone: 'Europe/Berlin',
      clock: clockAt('2026-03-30T03:00Z'),
      days: '2026-03-29',
      source: ({ interval }) => genesysConversations({ interval }),
      sink: ({ date }) => jsonLinesFile(join(directory, `${date}.jsonl`)),
    });
    expect(summary).toMatchObject({ records: 230, missing: 0 });
    expect(summary.records + summary.outside).toBe(summary.stated);
  });
});
