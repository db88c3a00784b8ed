import { existsSync, rmSync } from 'node:fs';
import { appendFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ExportOptions,
  exportRecords,
  jsonLinesFile,
  type Page,
  type Progress,
  type Sink,
} from '../../../src/batch/index.ts';
import { failure, memorySink, preparedPages, temporaryDirectory } from '../../support/batch.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const api = axios.create({ baseURL: 'http://127.0.0.1:9' });
const line = (record: unknown) => `${JSON.stringify(record)}\n`;
const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => ({ id: `r${from + n}` }));

async function setUp(pages: readonly Omit<Page<{ id: string }>, 'next'>[]) {
  const directory = await temporaryDirectory();
  const path = join(directory, 'out.jsonl');
  const source = preparedPages(pages, { identify: ({ id }) => id });
  const base = { api, source, sink: jsonLinesFile(path), checkpointInterval: 0 } satisfies ExportOptions<{
    id: string;
  }>;
  return { directory, path, base, read: () => readFile(path, 'utf8') };
}

/** Ends a run by an abort once it has so many pages. */
function abortAfter(pages: number) {
  const abort = new AbortController();
  const onProgress = (progress: Progress) => {
    if (progress.pages === pages) abort.abort(new Error('enough'));
  };
  return { signal: abort.signal, onProgress };
}

const THREE = [{ items: records(0, 2) }, { items: records(2, 4) }, { items: records(4, 5) }];

describe('a whole export', () => {
  test('writes every record, says what it did, and leaves the output and its checkpoint', async () => {
    const { base, read, directory } = await setUp(THREE);
    const summary = await exportRecords(base);
    expect(await read()).toBe(records(0, 5).map(line).join(''));
    expect(summary).toMatchObject({
      status: 'complete',
      records: 5,
      pages: 3,
      repeated: 0,
      resumed: false,
      alreadyComplete: false,
    });
    expect((await readdir(directory)).sort()).toEqual(['out.jsonl', 'out.jsonl.checkpoint']);
  });

  test('run again it does nothing, and what was appended to the output since stays', async () => {
    const { base, read, path } = await setUp(THREE);
    await exportRecords(base);
    await appendFile(path, 'mine\n');
    const again = await exportRecords({ ...base, source: preparedPages<{ id: string }>([]) });
    expect(again).toMatchObject({ alreadyComplete: true, records: 5, pages: 3 });
    expect(await read()).toBe(`${records(0, 5).map(line).join('')}mine\n`);
  });

  test('that is complete, but whose output is gone, says so', async () => {
    const { base, path } = await setUp(THREE);
    await exportRecords(base);
    await rm(path);
    const error = await failure(exportRecords(base), 'ERR_OUTPUT_SHORT');
    expect(error.message).toContain('out.jsonl is gone');
  });

  test('without records makes an empty file', async () => {
    const { base, read } = await setUp([]);
    expect(await exportRecords(base)).toMatchObject({ records: 0, pages: 0 });
    expect(await read()).toBe('');
  });

  test('into a sink without a file keeps no checkpoint', async () => {
    const { base, directory } = await setUp(THREE);
    const sink = memorySink();
    await exportRecords({ ...base, sink });
    expect(sink.records).toEqual(records(0, 5));
    expect(await readdir(directory)).toEqual([]);
  });

  test('with checkpoint: false keeps none beside the file, and does not write over it', async () => {
    const { base, directory, read } = await setUp(THREE);
    await exportRecords({ ...base, checkpoint: false });
    expect(await readdir(directory)).toEqual(['out.jsonl']);
    await failure(exportRecords({ ...base, checkpoint: false }), 'ERR_OUTPUT_EXISTS');
    expect(await read()).toBe(records(0, 5).map(line).join(''));
  });
});

describe('records that come again', () => {
  test('within a part and from the part before are written once', async () => {
    const { base, read } = await setUp([
      { items: records(0, 3), part: 'a' },
      { items: records(2, 4), part: 'a' },
      { items: records(3, 5), part: 'b' },
      { items: records(3, 6), part: 'c' },
    ]);
    const summary = await exportRecords(base);
    expect(await read()).toBe(records(0, 6).map(line).join(''));
    expect(summary).toMatchObject({ records: 6, repeated: 4 });
  });
});

describe('an export that is interrupted and run again', () => {
  test('is the same file as one that was not, wherever it is cut and however often', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ size: fc.nat(4), back: fc.nat(3), part: fc.nat(3) }), {
          minLength: 1,
          maxLength: 12,
        }),
        fc.array(fc.nat(12), { maxLength: 5 }),
        fc.constantFrom(0, 1e9),
        async (shapes, stops, checkpointInterval) => {
          let at = 0;
          const pages = shapes.map(({ size, back, part }) => {
            const from = Math.max(0, at - back);
            at += size;
            return { items: records(from, at), part: `${Math.floor(part / 2)}` };
          });
          const whole = await setUp(pages);
          await exportRecords(whole.base);
          const cut = await setUp(pages);
          for (const stop of stops) {
            await exportRecords({ ...cut.base, checkpointInterval, ...abortAfter(stop) }).catch(() => {});
          }
          await exportRecords({ ...cut.base, checkpointInterval });
          expect(await cut.read()).toBe(await whole.read());
        },
      ),
      { numRuns: 60 },
    );
  });

  test('says that it was interrupted and finishes the page it writes', async () => {
    const { base, read } = await setUp(THREE);
    const error = await failure(exportRecords({ ...base, ...abortAfter(2) }), 'ERR_INTERRUPTED');
    expect(error.resumable).toBe(true);
    expect(await read()).toBe(records(0, 4).map(line).join(''));
    expect(await exportRecords(base)).toMatchObject({ resumed: true, records: 5, pages: 3 });
  });

  test('an abort before the start does not even make a file', async () => {
    const { base, directory } = await setUp(THREE);
    await failure(exportRecords({ ...base, signal: AbortSignal.abort() }), 'ERR_INTERRUPTED');
    expect(await readdir(directory)).toEqual([]);
  });

  test('what the output got after its checkpoint is cut off', async () => {
    const { base, read, path } = await setUp(THREE);
    await failure(exportRecords({ ...base, ...abortAfter(2) }), 'ERR_INTERRUPTED');
    await appendFile(path, '{"id":"half a rec');
    await exportRecords(base);
    expect(await read()).toBe(records(0, 5).map(line).join(''));
  });

  test('the last page is not written twice when the end was not noted', async () => {
    const { base, read } = await setUp(THREE);
    const onProgress = ({ pages }: Progress) => {
      if (pages === 3) throw new Error('the process dies here');
    };
    await failure(exportRecords({ ...base, onProgress }), 'ERR_CALLBACK');
    await exportRecords(base);
    expect(await read()).toBe(records(0, 5).map(line).join(''));
  });
});

describe('what the caller gave fails', () => {
  test('progress that is told and rejects ends the export, and is heard by somebody', async () => {
    const { base, read } = await setUp(THREE);
    const onProgress = async ({ pages }: Progress) => {
      if (pages === 2) throw new Error('no more paper');
    };
    const error = await failure(exportRecords({ ...base, onProgress }), 'ERR_CALLBACK');
    expect(error.message).toContain('no more paper');
    expect(await read()).toBe(records(0, 4).map(line).join(''));
  });

  test('a sink that cannot be opened and a source that cannot be begun: a BatchError, and all is let go of', async () => {
    const { base, read, directory } = await setUp(THREE);
    const refuse = () => {
      throw new Error('not today');
    };
    const sink = { ...base.sink, open: async () => refuse() };
    await failure(exportRecords({ ...base, sink }), 'ERR_CALLBACK');
    let isClosed = false;
    const closing: Sink<{ id: string }> = {
      ...base.sink,
      open: async (position) => {
        const open = await base.sink.open(position);
        const close = async () => {
          await open.close();
          isClosed = true;
        };
        return { ...open, close };
      },
    };
    const source = { ...base.source, read: refuse };
    await failure(exportRecords({ ...base, source, sink: closing }), 'ERR_CALLBACK');
    expect(isClosed).toBe(true);
    expect(await readdir(directory)).not.toContain('out.jsonl.checkpoint.lock');
    await exportRecords(base);
    expect(await read()).toBe(records(0, 5).map(line).join(''));
  });
});

describe('scenario 37: what cannot be gone on with', () => {
  async function interruptedExport() {
    const set = await setUp(THREE);
    await failure(exportRecords({ ...set.base, ...abortAfter(2) }), 'ERR_INTERRUPTED');
    return set;
  }

  test('another query: says what differs, and keeps everything as it was', async () => {
    const { base, read } = await interruptedExport();
    const before = await read();
    const other = { ...base, source: { ...base.source, query: { interval: 'b' } } };
    const error = await failure(exportRecords(other), 'ERR_CHECKPOINT_MISMATCH');
    expect(error.message).toContain('query was null and is now {"interval":"b"}');
    expect(await read()).toBe(before);
    await exportRecords(base);
    expect(await read()).toBe(records(0, 5).map(line).join(''));
  });

  test('another API', async () => {
    const { base } = await interruptedExport();
    const other = exportRecords({ ...base, api: axios.create({ baseURL: 'http://127.0.0.1:10' }) });
    expect((await failure(other, 'ERR_CHECKPOINT_MISMATCH')).message).toContain('account was');
  });

  test('a checkpoint of another query under which nothing was done yet is taken over', async () => {
    const { base, read } = await setUp(THREE);
    const broken = preparedPages([], {
      query: 'another',
      // biome-ignore lint/correctness/useYield: it fails before its first page
      async *read() {
        throw new Error('no page');
      },
    });
    await failure(exportRecords({ ...base, source: broken }), 'ERR_CALLBACK');
    await exportRecords(base);
    expect(await read()).toBe(records(0, 5).map(line).join(''));
  });

  test('a damaged checkpoint', async () => {
    const { base, path } = await interruptedExport();
    const text = await readFile(`${path}.checkpoint`, 'utf8');
    await writeFile(`${path}.checkpoint`, text.replace('"records":4', '"records":3'));
    const error = await failure(exportRecords(base), 'ERR_CHECKPOINT_DAMAGED');
    expect(error.message).toContain('checksum');
  });

  test('an output that is shorter than its checkpoint says', async () => {
    const { base, path, read } = await interruptedExport();
    await truncate(path, 5);
    const error = await failure(exportRecords(base), 'ERR_OUTPUT_SHORT');
    expect(error.message).toMatch(/has 5 bytes, but its checkpoint says \d+/);
    expect(await read()).toHaveLength(5);
  });

  test('an output without a checkpoint', async () => {
    const { base, path, read } = await setUp(THREE);
    await writeFile(path, 'precious\n');
    await failure(exportRecords(base), 'ERR_OUTPUT_EXISTS');
    expect(await read()).toBe('precious\n');
  });

  test('restart begins anew and keeps what was there under other names', async () => {
    const { base, path, read, directory } = await interruptedExport();
    const before = await read();
    await exportRecords({ ...base, restart: true });
    await exportRecords({ ...base, restart: true });
    expect(await read()).toBe(records(0, 5).map(line).join(''));
    expect(await readFile(`${path}.old-1`, 'utf8')).toBe(before);
    expect((await readdir(directory)).sort()).toEqual([
      'out.jsonl',
      'out.jsonl.checkpoint',
      'out.jsonl.checkpoint.journal.old-1',
      'out.jsonl.checkpoint.old-1',
      'out.jsonl.checkpoint.old-2',
      'out.jsonl.old-1',
      'out.jsonl.old-2',
    ]);
  });

  test('two runs on one output at once: the second is refused, the first goes on', async () => {
    const { base, read } = await setUp(THREE);
    const first = exportRecords(base);
    await failure(exportRecords(base), 'ERR_LOCKED');
    await first;
    expect(await read()).toBe(records(0, 5).map(line).join(''));
  });

  test('a run that lost its lock writes no checkpoint', async () => {
    const { base, path } = await setUp(THREE);
    const onProgress = ({ pages }: Progress) => {
      if (pages === 1) rmLock(path);
    };
    await failure(exportRecords({ ...base, onProgress }), 'ERR_LOCKED');
  });

  test('a directory that is not there', async () => {
    const { base, directory } = await setUp(THREE);
    const sink = jsonLinesFile(join(directory, 'missing', 'out.jsonl'));
    const error = await failure(exportRecords({ ...base, sink }), 'ERR_OUTPUT');
    expect(error.message).toContain('does not exist. Create the directory');
  });
});

test('pages that lead in a circle end the export, again when it is resumed, and nothing is written twice', async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, 'out.jsonl');
  const source = preparedPages([], {
    async *read({ from }) {
      const next: Record<string, string> = { a: 'b', b: 'c', c: 'd', d: 'b' };
      for (let at = String(from ?? 'a'); ; at = next[at] as string) yield { items: [{ at }], next: next[at] };
    },
  });
  const run = () => exportRecords({ api, source, sink: jsonLinesFile(path), checkpointInterval: 0 });
  expect((await failure(run(), 'ERR_PAGE_LOOP')).message).toContain('circle');
  await failure(run(), 'ERR_PAGE_LOOP');
  expect(await readFile(path, 'utf8')).toBe(['a', 'b', 'c'].map((at) => line({ at })).join(''));
  expect(existsSync(`${path}.checkpoint.lock`)).toBe(false);
});

test('progress: rate and what remains, from this run alone', async () => {
  const clock = createManualClock();
  const told: Progress[] = [];
  const pages = Array.from({ length: 4 }, (_, n) => ({ items: records(n * 10, n * 10 + 10), total: 40 }));
  const { base } = await setUp(pages);
  const slow = (source: typeof base.source) => ({
    ...source,
    async *read(context: Parameters<typeof source.read>[0]) {
      for await (const page of source.read(context)) {
        await clock.advance(500);
        yield page;
      }
    },
  });
  const stop = abortAfter(2);
  await exportRecords({ ...base, source: slow(base.source), clock, ...stop }).catch(() => {});
  await exportRecords({
    ...base,
    source: slow(base.source),
    clock,
    onProgress: (now) => void told.push(now),
  });
  expect(
    told.map(({ elapsed, recordsPerSecond, remaining }) => [elapsed, recordsPerSecond, remaining]),
  ).toEqual([
    [500, 20, 500],
    [1000, 20, 0],
  ]);
});

test('wrong options are all named at once', async () => {
  const wrong = { api: {}, rate: { requests: 0 }, readAhead: -1, timeout: Number.NaN } as unknown;
  await expect(exportRecords(wrong as ExportOptions)).rejects.toThrow(
    /api must be.*timeout must be.*rate\.requests must be.*source must be.*sink must be.*readAhead must be/,
  );
});

function rmLock(path: string): void {
  // Synchronously, so that it is gone before the next checkpoint.
  rmSync(`${path}.checkpoint.lock`);
}
