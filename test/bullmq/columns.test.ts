import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Page, PageSource } from '../../src/batch/index.ts';
import { parseExact } from '../../src/batch/internal.ts';
import { failure, preparedPages } from '../support/batch.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

type Pages = readonly unknown[][];

const started = { id: 'a', conversationStart: 1 };
const ended = { id: 'b', conversationEnd: 2 };
const POLL = { pollInterval: 20 };

describeWithRedis('the columns of a CSV output', () => {
  const redis = useRedis();

  /** Exports parts of prepared pages. @param begin resolves when a part may return its first page, or its next page. */
  async function exporting(
    parts: readonly Pages[],
    columns: readonly string[],
    more: { allowEmptyColumns?: boolean; begin?: (part: number, page: number) => Promise<void> } = {},
  ) {
    const { allowEmptyColumns, begin = async () => {} } = more;
    const hosts = await manyHosts(redis, { records: 0 });
    const read: number[] = [];
    const source = (value: unknown): PageSource => {
      const part = Number(value);
      const pages = (parts[part] ?? []).map((items): Omit<Page<unknown>, 'next'> => ({ items }));
      const prepared = preparedPages(pages, { identify: (item) => (item as { id: string }).id });
      return {
        ...prepared,
        async *read(context) {
          read.push(part);
          let page = 0;
          await begin(part, page);
          for await (const found of prepared.read(context)) {
            yield found;
            await begin(part, ++page);
          }
        },
      };
    };
    const worker = await hosts.worker({ source, concurrency: 2, checkpointInterval: 0 });
    const handle = await hosts.submit({
      parts: parts.map((_, part) => part),
      output: 'out.csv',
      csv: { columns, ...(allowEmptyColumns !== undefined && { allowEmptyColumns }) },
    });
    const content = () => readFile(join(hosts.directory, 'out.csv'), 'utf8');
    return { finished: handle.finished(POLL), content, read, worker };
  }

  it('fails the export at the first page of part 0 if a column is misspelt', async () => {
    const parts = Array.from({ length: 6 }, () => [[started]]);
    const { finished, read } = await exporting(parts, ['id', 'converationStart']);
    const error = await failure(finished, 'ERR_RECORD');
    expect(error.message).toMatch(
      /^part 0 of all has failed: .*no record has "converationStart"\. Did you mean "conversationStart"\?/,
    );
    expect(error.message).toMatch(/Correct columns \(--columns\).*submit it with other options\.$/);
    expect(error).toMatchObject({ permanent: true, resumable: false });
    expect(read.length).toBeLessThanOrEqual(3);
  });

  it.each<[name: string, parts: readonly Pages[], columns: readonly string[]]>([
    ['later pages lack the column', [[[started], [ended]], [[ended]]], ['id', 'conversationStart']],
    ['the first parts have no records', [[], [[]], [[started]], [[ended]]], ['id', 'conversationStart']],
    ['no record has a similar name', [[[started]], [[ended]]], ['id', 'somethingElse']],
  ])('completes the export if %s', async (_, parts, columns) => {
    const { finished, content } = await exporting(parts, columns);
    const { records, warnings } = await finished;
    expect(records).toBe(2);
    const misses = columns.includes('somethingElse');
    expect(warnings).toEqual(misses ? ['no record has the column "somethingElse"'] : []);
    expect(await content()).toBe(`${columns.join()}\na,${misses ? '' : 1}\nb,\n`);
  });

  it('fails the export at the first part with records if the parts before it are empty', async () => {
    const { finished } = await exporting([[], [[]], [[started]], [[started]]], ['converationStart']);
    expect((await failure(finished, 'ERR_RECORD')).message).toMatch(/^part 2 of all has failed: /);
  });

  it('ignores a column that the first page of part 1 lacks and that part 0 has later', async () => {
    let release = () => {};
    const opened = new Promise<void>((resolve) => {
      release = resolve;
    });
    const begin = async (part: number, page: number) => {
      if (part === 0) await opened;
      if (part === 1 && page === 1) release();
    };
    const parts = [[[started]], [[ended], [{ id: 'c' }]]];
    const { finished, content } = await exporting(parts, ['id', 'conversationStart'], { begin });
    expect((await finished).warnings).toEqual([]);
    expect(await content()).toBe('id,conversationStart\na,1\nb,\nc,\n');
  });

  it('fails part 1 at its next checkpoint if part 0 ends without records', async () => {
    let release = () => {};
    const opened = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isEmpty = () => false;
    const begin = async (part: number, page: number) => {
      if (part === 0) await opened;
      if (part !== 1 || page !== 1) return;
      release();
      await expect.poll(isEmpty).toBe(true);
    };
    const running = await exporting([[[]], [[started], [started]], [[started]]], ['converationStart'], {
      begin,
    });
    isEmpty = () =>
      running.worker.events.some(({ type, ...event }) => type === 'finished' && 'part' in event);
    expect((await failure(running.finished, 'ERR_RECORD')).message).toMatch(/^part 1 of all has failed: /);
  });

  it('accepts a misspelt column with allowEmptyColumns, and warns about the column', async () => {
    const { finished } = await exporting([[[started]]], ['id', 'converationStart'], {
      allowEmptyColumns: true,
    });
    expect((await finished).warnings).toEqual(['no record has the column "converationStart"']);
  });

  it('does not check the pages of the merge, which are not the pages of the API', async () => {
    // The column appears after the 1000 lines of the first page of the merge.
    const items = Array.from({ length: 1500 }, (_, id) => ({ ...(id === 1200 ? started : ended), id }));
    const { finished } = await exporting([[items]], ['id', 'conversationStart']);
    expect(await finished).toMatchObject({ records: 1500, warnings: [] });
  });

  it('writes numbers with the digits that the API sent', async () => {
    const numbers = ['9007199254740993', '1e400', '0.10', '-0', '1.0'];
    const records = numbers.map((n, id) => parseExact(`{"id":${id},"n":${n},"deep":{"n":${n}}}`));
    const { finished, content } = await exporting([[records]], ['n', 'deep']);
    await finished;
    const rows = (await content()).trimEnd().split('\n').slice(1);
    expect(rows.slice(0, 2)).toEqual([
      '9007199254740993,"{""n"":9007199254740993}"',
      '1e400,"{""n"":1e400}"',
    ]);
  });
});
