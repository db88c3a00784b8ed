import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Page, PageSource } from '../../src/batch/index.ts';
import { failure, preparedPages } from '../support/batch.ts';
import { numbered } from '../support/exporting.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

const POLL = { pollInterval: 20 };

describeWithRedis('the totals of parts', () => {
  const redis = useRedis();

  /** Exports two parts that share five records. @param more members of the sources. */
  async function exporting(
    [first, second]: readonly (number | undefined)[],
    output: string | false,
    more: (part: number) => Partial<PageSource> = () => ({}),
  ) {
    const hosts = await manyHosts(redis, { records: 0 });
    const pages: Omit<Page, 'next'>[][] = [
      [
        { items: numbered(0, 20), window: 'a', stated: first },
        { items: [], window: 'a', end: { label: 'the list a', tolerance: 0.05 } },
      ],
      [
        { items: numbered(15, 40), window: 'b', stated: second },
        { items: [], window: 'b', end: { label: 'the list b', tolerance: 0.05 } },
      ],
    ];
    await hosts.worker({
      source: (part) =>
        preparedPages(pages[Number(part)] ?? [], {
          identify: (item) => (item as { id: string }).id,
          ...more(Number(part)),
        }),
    });
    const handle = await hosts.submit({ parts: [0, 1], output });
    const read = (name: string) => readFile(join(hosts.directory, name), 'utf8');
    return { finished: handle.finished(POLL), read };
  }

  const MISSING = expect.stringMatching(/^part 1: the list b stated 26 records.* 1 is missing/);

  it.each([
    ['both state a total', [20, 25], { stated: 45, missing: 0, warnings: [] }],
    ['one states no total', [20, undefined], { stated: 20, missing: 0, warnings: [] }],
    ['none states a total', [undefined, undefined], { missing: 0, warnings: [] }],
    ['one lacks a record', [20, 26], { stated: 46, missing: 1, warnings: [MISSING] }],
  ] as const)(
    'count a shared record in both parts, which is written once, if %s',
    async (_, totals, expected) => {
      const merged = await exporting(totals, 'out.jsonl');
      const summary = await merged.finished;
      expect(summary).toMatchObject({ records: 40, repeated: 5, ...expected });
      expect('stated' in summary).toBe('stated' in expected);
      expect(await merged.read('out.jsonl')).toBe(
        numbered(0, 40)
          .map((record) => `${JSON.stringify(record)}\n`)
          .join(''),
      );

      const kept = await exporting(totals, false);
      expect(await kept.finished).toMatchObject({ records: 45, repeated: 0, ...expected });
      const { parts, ...whole } = JSON.parse(await kept.read('all.parts/manifest.json'));
      expect(whole).toMatchObject({ records: 45, repeated: 0, ...expected });
      expect(parts.map(({ records }: { records: number }) => records)).toEqual([20, 25]);
      expect(parts.map(({ stated }: { stated?: number }) => stated)).toEqual(totals);
      expect(parts[1].missing).toBe(expected.missing);
    },
  );

  it('count the records outside of each part, so that records and outside are what the API stated', async () => {
    const shared = numbered(15, 20).map(({ id }) => id);
    const isOutside = (item: unknown) => shared.includes((item as { id: string }).id);
    const outsideOfSecond = (part: number) => (part === 1 ? { isOutside } : {});
    const merged = await exporting([20, 25], 'out.jsonl', outsideOfSecond);
    expect(await merged.finished).toMatchObject({
      records: 40,
      outside: 5,
      stated: 45,
      repeated: 0,
      missing: 0,
    });
    const kept = await exporting([20, 25], false, outsideOfSecond);
    expect(await kept.finished).toMatchObject({ records: 40, outside: 5, stated: 45 });
    const { outside, parts } = JSON.parse(await kept.read('all.parts/manifest.json'));
    expect([outside, ...parts.map((part: { outside: number }) => part.outside)]).toEqual([5, 0, 5]);
  });

  it('fail the export if a part lacks more records than its tolerance allows', async () => {
    const { finished } = await exporting([20, 28], 'out.jsonl');
    const error = await failure(finished, 'ERR_TOTAL_MISMATCH');
    expect(error.message).toMatch(
      /^part 1 of all has failed: the list b stated 28 records, but returned 25 different ones/,
    );
    expect(error.permanent).toBe(true);
  });
});
