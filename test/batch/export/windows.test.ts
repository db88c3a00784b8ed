import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical } from '../../../src/batch/checkpoint.ts';
import {
  type ExportOptions,
  exportRecords,
  jsonLinesFile,
  type Page,
  type PageSource,
  type Progress,
} from '../../../src/batch/index.ts';
import { sha256 } from '../../../src/core/internal.ts';
import { failure, memorySink, preparedPages, temporaryDirectory } from '../../support/batch.ts';

interface Item {
  readonly id?: string;
  readonly text?: string;
}
type Prepared = Omit<Page<Item>, 'next'>;

const api = axios.create({ baseURL: 'http://127.0.0.1:9' });
const identify = ({ id }: Item) => id;
const items = (from: number, to: number): Item[] =>
  Array.from({ length: to - from }, (_, n) => ({ id: `r${from + n}` }));
const end = (tolerance?: number) => ({
  items: [],
  end: { label: 'GET /users', ...(tolerance && { tolerance }) },
});
const texts = (...list: string[]): Prepared => ({ items: list.map((text) => ({ text })), stated: 4 });

function inMemory(pages: readonly Prepared[]) {
  return exportRecords({ api, source: preparedPages(pages, { identify }), sink: memorySink() });
}

async function inFile(pages: readonly Prepared[], more: Partial<ExportOptions<Item>> = {}) {
  const path = join(await temporaryDirectory(), 'out.jsonl');
  const source: PageSource<Item> = preparedPages(pages, { identify });
  const base = { api, source, sink: jsonLinesFile(path), checkpointInterval: 0, ...more };
  return { path, base, read: () => readFile(path, 'utf8') };
}

const COMPLETE: [string, Prepared[], object, (string | RegExp)[]][] = [
  [
    'nothing if as many different records came as stated',
    [{ items: items(0, 3), stated: 5 }, { items: items(3, 5), stated: 5 }, end()],
    { records: 5, repeated: 0, stated: 5, missing: 0 },
    [],
  ],
  [
    'records missing within the tolerance, rounded down to whole records',
    [{ items: items(0, 71), stated: 100 }, end(0.29)],
    { records: 71, stated: 100, missing: 29 },
    [
      'GET /users stated 100 records, but returned 71 different ones: 29 are missing, which the tolerance of 0.29 allows',
    ],
  ],
  [
    'a total that changed',
    [{ items: items(0, 3), stated: 6 }, { items: items(3, 5), stated: 5 }, end()],
    { records: 5, stated: 5, missing: 0 },
    [/^the total of GET \/users changed from 6 to 5 during the export/],
  ],
  [
    'a total that changed and changed back',
    [
      { items: items(0, 2), stated: 5 },
      { items: items(2, 4), stated: 4 },
      { items: items(4, 5), stated: 5 },
      end(),
    ],
    { records: 5, stated: 5, missing: 0 },
    [/^the total of GET \/users changed between 4 and 5 during the export/],
  ],
  [
    'records that came twice in one window',
    [{ items: items(0, 3), stated: 5 }, { items: items(2, 5), stated: 5 }, end()],
    { records: 5, repeated: 1, stated: 5, missing: 0 },
    [/^1 record of GET \/users came twice, and was written once: the pages shifted or overlap/],
  ],
  [
    'nothing if two windows contain the same record',
    [
      { items: items(0, 3), stated: 3, window: 'a' },
      { ...end(), window: 'a' },
      { items: items(3, 5), stated: 2, window: 'b' },
      { ...end(), window: 'b' },
      { items: items(1, 7), stated: 6, window: 'c' },
      { ...end(), window: 'c' },
    ],
    { records: 7, repeated: 4, stated: 11, missing: 0 },
    [],
  ],
  [
    'records without an id that are equal',
    [texts('a', 'b'), texts('a', 'c'), end()],
    { records: 4, repeated: 0, stated: 4, missing: 0 },
    [/^GET \/users stated 4 records, but only 3 of the returned ones differ. The records have no id.*--id/],
  ],
  [
    'nothing about equal records without an id if enough different ones came',
    [texts('a', 'b'), texts('a', 'c', 'd'), end()],
    { records: 5, stated: 4, missing: 0 },
    [],
  ],
  ['an export without records', [end()], { records: 0, missing: 0 }, [/^the API returned no records/]],
  [
    'what the source warns of, once',
    [
      { items: items(0, 1), warnings: ['odd'] },
      { items: items(1, 2), warnings: ['odd', 'even'] },
    ],
    { records: 2 },
    ['odd', 'even'],
  ],
];

describe('the summary warns of', () => {
  it.each(COMPLETE)('%s', async (_, pages, summary, warnings) => {
    const expected = {
      ...summary,
      warnings: warnings.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))),
    };
    expect(await inMemory(pages)).toMatchObject(expected);
    const { base } = await inFile(pages);
    expect(await exportRecords(base)).toMatchObject(expected);
    // The same call again reads nothing, and returns the same.
    expect(await exportRecords({ ...base, source: preparedPages<Item>([]) })).toMatchObject({
      ...expected,
      alreadyComplete: true,
    });
  });

  it('the warnings of the sink', async () => {
    const sink = memorySink();
    const open = async () => ({
      ...(await sink.open(undefined)),
      warnings: () => ['no record has the column x'],
    });
    const { warnings } = await exportRecords({
      api,
      source: preparedPages([{ items: [1] }]),
      sink: { ...sink, open },
    });
    expect(warnings).toEqual(['no record has the column x']);
  });

  it('at most 100 cases, and the number of the others', async () => {
    const pages = Array.from({ length: 150 }, (_, n) => ({
      items: items(n, n + 1),
      warnings: [`warning ${n}`],
    }));
    const { warnings } = await inMemory(pages);
    expect(warnings).toHaveLength(101);
    expect(warnings.at(-1)).toBe('50 further warnings were left out');
  });

  it('never a total that the API has not stated', async () => {
    const { base } = await inFile([{ items: items(0, 2) }]);
    expect(await exportRecords(base)).toMatchObject({ total: undefined, stated: undefined });
    expect(await exportRecords(base)).toMatchObject({
      total: undefined,
      stated: undefined,
      alreadyComplete: true,
    });
  });
});

const INCOMPLETE: [string, Prepared[], RegExp][] = [
  [
    'fewer records than stated',
    [{ items: items(0, 3), stated: 5 }, end()],
    /GET \/users stated 5 records, but returned 3 different ones: 2 are missing\..*\(--total-tolerance\) of 0\.4\.$/,
  ],
  [
    'records that came twice in place of others',
    [{ items: items(0, 3), stated: 5 }, { items: items(1, 3), stated: 5 }, end()],
    /stated 5 records, but returned 3 different ones: 2 are missing, and 2 records came twice/,
  ],
  [
    'more missing records than the tolerance',
    [{ items: items(0, 70), stated: 100 }, end(0.29)],
    /returned 70 different ones: 30 are missing/,
  ],
  [
    'a window that lacks records, although another window has more than stated',
    [
      { items: items(0, 9), stated: 5, window: 'a' },
      { ...end(), window: 'a' },
      { items: items(9, 10), stated: 2, window: 'b' },
      { ...end(), window: 'b' },
    ],
    /stated 2 records, but returned 1 different ones/,
  ],
  [
    'records without an id, even with the equal ones',
    [texts('a', 'b', 'a'), end()],
    /stated 4 records, but returned 3 different ones/,
  ],
  [
    'a window that the source has not ended',
    [{ items: items(0, 3), stated: 5 }],
    /the source prepared stated 5 records/,
  ],
  [
    'a window that the source has left without an end',
    [
      { items: items(0, 3), stated: 5, window: 'a' },
      { items: items(3, 9), stated: 6, window: 'b' },
    ],
    /the source prepared for a stated 5 records/,
  ],
];

describe('the export fails because of', () => {
  it.each(INCOMPLETE)('%s', async (_, pages, message) => {
    const error = await failure(inMemory(pages), 'ERR_TOTAL_MISMATCH');
    expect(error.message).toMatch(message);
    expect(error.permanent).toBe(true);
  });

  it('missing records, until the same call has a tolerance that allows them', async () => {
    const { base, read } = await inFile([{ items: items(0, 70), stated: 100 }, end()]);
    const { message } = await failure(exportRecords(base), 'ERR_TOTAL_MISMATCH');
    await failure(exportRecords(base), 'ERR_TOTAL_MISMATCH');
    const tolerance = Number(/of (0\.\d+)\.$/.exec(message)?.[1]);
    const source = preparedPages([{ items: items(0, 70), stated: 100 }, end(tolerance)], { identify });
    expect(await exportRecords({ ...base, source })).toMatchObject({
      resumed: true,
      records: 70,
      missing: 30,
    });
    expect((await read()).split('\n')).toHaveLength(71);
  });

  it('a tolerance that the message names accepts the difference, for any numbers', () => {
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1e9 }),
        fc.integer({ min: 0, max: 1e9 }),
        async (stated, seed) => {
          const records = seed % Math.min(stated, 50);
          const page = { items: items(0, records), stated };
          const { message } = await failure(inMemory([page, end()]), 'ERR_TOTAL_MISMATCH');
          const tolerance = Number(/of ([\d.]+)\.$/.exec(message)?.[1]);
          expect(await inMemory([page, end(tolerance)])).toMatchObject({ missing: stated - records });
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each([Number.NaN, -1, 1.5, '5'])('a stated total of %j', async (stated) => {
    const error = await failure(inMemory([{ items: [], stated: stated as number }]), 'ERR_CALLBACK');
    expect(error.message).toContain('stated must be a whole number');
  });

  it('ten pages in a row without a new record', async () => {
    const again = { items: items(0, 3) };
    const { base, read } = await inFile([{ items: items(0, 3) }, ...Array.from({ length: 20 }, () => again)]);
    const error = await failure(exportRecords(base), 'ERR_PAGE_LOOP');
    expect(error.message).toMatch(/the last 10 pages of the API had no new record/);
    expect(await read()).toBe('{"id":"r0"}\n{"id":"r1"}\n{"id":"r2"}\n');
    await failure(exportRecords(base), 'ERR_PAGE_LOOP');
  });

  it('no page loop if each window contains the same records', async () => {
    const pages = Array.from({ length: 30 }, (_, n) => ({ items: items(0, 3), window: `${n}` }));
    expect(await inMemory(pages)).toMatchObject({ records: 3, repeated: 87, warnings: [] });
  });
});

describe('the checkpoint', () => {
  /** Replaces the state of a checkpoint, and computes its checksum again. */
  async function edit(
    path: string,
    change: (checkpoint: { version: number; state: Record<string, unknown> }) => void,
  ) {
    const saved = JSON.parse(await readFile(`${path}.checkpoint`, 'utf8'));
    change(saved);
    const { subject, state } = saved;
    const hash = await sha256(canonical({ subject, state }));
    const checksum = Buffer.from(hash, 'latin1').toString('hex');
    await writeFile(`${path}.checkpoint`, JSON.stringify({ ...saved, checksum }));
  }

  async function interrupted() {
    const set = await inFile([{ items: items(0, 2), stated: 4 }, { items: items(2, 4), stated: 4 }, end()]);
    const stop = new AbortController();
    const onProgress = ({ pages }: Progress) => pages === 1 && stop.abort();
    await failure(exportRecords({ ...set.base, signal: stop.signal, onProgress }), 'ERR_INTERRUPTED');
    return set;
  }

  it.each([
    ['records', { records: '2' }],
    ['pages', { pages: -1 }],
    ['repeated', { repeated: 0.5 }],
    ['journal', { journal: null }],
    ['warnings', { warnings: [1] }],
    ['complete', { complete: 'no' }],
    ['window', { window: { number: 0 } }],
    ['window', { window: 7 }],
    ['stated', { stated: -4 }],
    ['total', { total: '4' }],
    ['position', { position: null }],
    ['position', { position: undefined }],
    ['cursor', { cursor: undefined }],
    ['complete', { complete: true }],
  ])('is refused if somebody changed %s to %j, also with the right checksum', async (_, changed) => {
    const { base, path } = await interrupted();
    await edit(path, ({ state }) => Object.assign(state, changed));
    const error = await failure(exportRecords(base), 'ERR_CHECKPOINT_DAMAGED');
    expect(error.message).toMatch(/its state is not the state of an export.*--restart/);
  });

  it.each([[-1], [1.5], [''], [true], [[]], [{}]])(
    'is refused for the length %j of the output',
    async (position) => {
      const { base, path } = await interrupted();
      await edit(path, ({ state }) => Object.assign(state, { position }));
      const error = await failure(exportRecords(base), 'ERR_CHECKPOINT_DAMAGED');
      expect(error.message).toMatch(/which is not the length of a file.*--restart/);
    },
  );

  it('is refused for a length of the output within a line', async () => {
    const { base, path } = await interrupted();
    await edit(path, ({ state }) => Object.assign(state, { position: 3 }));
    const error = await failure(exportRecords(base), 'ERR_CHECKPOINT_DAMAGED');
    expect(error.message).toMatch(/after 3 bytes, .* because no line ends there.*--restart/);
  });

  it('of version 1 stays complete', async () => {
    const { base, path } = await inFile([{ items: items(0, 2) }]);
    await exportRecords(base);
    await edit(path, (saved) => {
      const { cursor, position, journal, records, pages, repeated, complete } = saved.state;
      saved.version = 1;
      saved.state = {
        ...(cursor !== undefined && { cursor }),
        position,
        journal,
        records,
        pages,
        repeated,
        complete,
      };
    });
    expect(await exportRecords(base)).toMatchObject({
      alreadyComplete: true,
      records: 2,
      missing: 0,
      warnings: [],
    });
  });

  it('of version 1 is refused if it is not complete, unless restart starts over', async () => {
    const { base, path } = await interrupted();
    await edit(path, (saved) => void Object.assign(saved, { version: 1 }));
    const error = await failure(exportRecords(base), 'ERR_CHECKPOINT_DAMAGED');
    expect(error.message).toMatch(
      /an older version .* Finish the export with the version that began it.*--restart/,
    );
    expect(await exportRecords({ ...base, restart: true })).toMatchObject({ records: 4 });
  });

  it('contains no user information of the base URL', async () => {
    const withUser = axios.create({ baseURL: 'http://bob:s3cret@127.0.0.1:9/v1' });
    const { base, path } = await inFile([{ items: items(0, 2) }], { api: withUser });
    await exportRecords(base);
    const text = await readFile(`${path}.checkpoint`, 'utf8');
    expect(text).not.toContain('s3cret');
    expect(JSON.parse(text).subject.account).toBe('http://127.0.0.1:9/v1');
  });
});

/** Pages of one or two windows that overlap, repeat, and state totals that may be wrong. */
const anyPages = fc
  .array(
    fc.record({
      ids: fc.array(fc.nat(9), { maxLength: 5 }),
      stated: fc.option(fc.nat(8), { nil: undefined }),
      isEnd: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((list) =>
    list.flatMap(({ ids, stated, isEnd }, n): Prepared[] => {
      const window = `${list.slice(0, n).filter((one) => one.isEnd).length}`;
      const page = { items: ids.map((id) => (id === 9 ? { text: 'x' } : { id: `${id}` })), window };
      const ended = isEnd ? [{ ...end(0.5), window }] : [];
      return [{ ...page, ...(stated !== undefined && { stated }) }, ...ended];
    }),
  );

it('an export with any interruptions ends with the same output, counts and warnings as an undisturbed one', async () => {
  const result = (run: Promise<{ records: number }>) =>
    run.then(
      ({ records, ...rest }) => {
        const { pages, repeated, stated, missing, warnings } = rest as unknown as Record<string, unknown>;
        return { records, pages, repeated, stated, missing, warnings };
      },
      ({ code, message }) => ({ code, message }),
    );
  await fc.assert(
    fc.asyncProperty(
      anyPages,
      fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.boolean()), { maxLength: 4 }),
      fc.constantFrom(0, 1e9),
      async (pages, stops, checkpointInterval) => {
        const whole = await inFile(pages);
        const cut = await inFile(pages, { checkpointInterval });
        const expected = await result(exportRecords(whole.base));
        for (const [stop, isCrash] of stops) {
          let calls = 0;
          const abort = new AbortController();
          const sink = {
            ...cut.base.sink,
            async open(position: never) {
              const opened = await jsonLinesFile(cut.path).open(position);
              // A disk that fails leaves a page in the output that no checkpoint describes.
              const write = async (list: readonly unknown[]) => {
                await opened.write(list);
                if (isCrash && calls === stop - 1) throw new Error('the disk fails');
              };
              return { ...opened, write };
            },
          };
          const onProgress = () => {
            if (++calls === stop && !isCrash) abort.abort();
          };
          await exportRecords({ ...cut.base, sink, onProgress, signal: abort.signal }).catch(() => {});
        }
        expect(await result(exportRecords(cut.base))).toEqual(expected);
        expect(await cut.read()).toBe(await whole.read());
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);
