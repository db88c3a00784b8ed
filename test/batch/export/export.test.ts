import { existsSync, rmSync } from 'node:fs';
import { appendFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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

/** Returns options that abort a run after `pages` pages. */
function abortAfter(pages: number) {
  const abort = new AbortController();
  const onProgress = (progress: Progress) => {
    if (progress.pages === pages) abort.abort(new Error('enough'));
  };
  return { signal: abort.signal, onProgress };
}

const THREE = [{ items: records(0, 2) }, { items: records(2, 4) }, { items: records(4, 5) }];

describe('exportRecords', () => {
  it('writes every record, returns a summary, and leaves the output and its checkpoint', async () => {
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

  it('does nothing if the export is complete, and keeps what was appended to the output since', async () => {
    const { base, read, path } = await setUp(THREE);
    await exportRecords(base);
    await appendFile(path, 'appended\n');
    const again = await exportRecords({ ...base, source: preparedPages<{ id: string }>([]) });
    expect(again).toMatchObject({ alreadyComplete: true, records: 5, pages: 3 });
    expect(await read()).toBe(`${records(0, 5).map(line).join('')}appended\n`);
  });

  it('removes the journal that a run left when it was killed after its last checkpoint', async () => {
    const { base, path, directory } = await setUp(THREE);
    await exportRecords(base);
    await writeFile(`${path}.checkpoint.journal`, '');
    expect(await exportRecords(base)).toMatchObject({ alreadyComplete: true });
    expect((await readdir(directory)).sort()).toEqual(['out.jsonl', 'out.jsonl.checkpoint']);
  });

  it('rejects if the export is complete but its output no longer exists', async () => {
    const { base, path } = await setUp(THREE);
    await exportRecords(base);
    await rm(path);
    const error = await failure(exportRecords(base), 'ERR_OUTPUT_SHORT');
    expect(error.message).toContain('out.jsonl no longer exists');
  });

  it('creates an empty file if there are no records', async () => {
    const { base, read } = await setUp([]);
    expect(await exportRecords(base)).toMatchObject({ records: 0, pages: 0 });
    expect(await read()).toBe('');
  });

  it('saves no checkpoint for a sink without a file', async () => {
    const { base, directory } = await setUp(THREE);
    const sink = memorySink();
    await exportRecords({ ...base, sink });
    expect(sink.records).toEqual(records(0, 5));
    expect(await readdir(directory)).toEqual([]);
  });

  it('saves no checkpoint with checkpoint: false, and refuses to overwrite the output', async () => {
    const { base, directory, read } = await setUp(THREE);
    await exportRecords({ ...base, checkpoint: false });
    expect(await readdir(directory)).toEqual(['out.jsonl']);
    await failure(exportRecords({ ...base, checkpoint: false }), 'ERR_OUTPUT_EXISTS');
    expect(await read()).toBe(records(0, 5).map(line).join(''));
  });
});

describe('when records repeat', () => {
  it('writes each record once in the whole export', async () => {
    const { base, read } = await setUp([
      { items: records(0, 3), window: 'a' },
      { items: records(2, 4), window: 'a' },
      { items: records(3, 5), window: 'b' },
      { items: records(3, 6), window: 'c' },
    ]);
    const summary = await exportRecords(base);
    expect(await read()).toBe(records(0, 6).map(line).join(''));
    expect(summary).toMatchObject({ records: 6, repeated: 4 });
  });
});

describe('when an export is interrupted', () => {
  it('produces the same file as an uninterrupted export, for any number of interruptions', async () => {
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
            return { items: records(from, at), window: `${Math.floor(part / 2)}` };
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

  it('rejects with ERR_INTERRUPTED after it has finished the current page', async () => {
    const { base, read } = await setUp(THREE);
    const error = await failure(exportRecords({ ...base, ...abortAfter(2) }), 'ERR_INTERRUPTED');
    expect(error.resumable).toBe(true);
    expect(await read()).toBe(records(0, 4).map(line).join(''));
    expect(await exportRecords(base)).toMatchObject({ resumed: true, records: 5, pages: 3 });
  });

  it('creates no file if the signal is aborted before the start', async () => {
    const { base, directory } = await setUp(THREE);
    await failure(exportRecords({ ...base, signal: AbortSignal.abort() }), 'ERR_INTERRUPTED');
    expect(await readdir(directory)).toEqual([]);
  });

  it('cuts off what was written to the output after its checkpoint', async () => {
    const { base, read, path } = await setUp(THREE);
    await failure(exportRecords({ ...base, ...abortAfter(2) }), 'ERR_INTERRUPTED');
    await appendFile(path, '{"id":"half a rec');
    await exportRecords(base);
    expect(await read()).toBe(records(0, 5).map(line).join(''));
  });

  it('does not write the last page twice if the process dies before the final checkpoint', async () => {
    const { base, read } = await setUp(THREE);
    const onProgress = ({ pages }: Progress) => {
      if (pages === 3) throw new Error('the process dies here');
    };
    await failure(exportRecords({ ...base, onProgress }), 'ERR_CALLBACK');
    await exportRecords(base);
    expect(await read()).toBe(records(0, 5).map(line).join(''));
  });
});

describe('when a function of the caller fails', () => {
  it('ends the export with the error of onProgress', async () => {
    const { base, read } = await setUp(THREE);
    const onProgress = async ({ pages }: Progress) => {
      if (pages === 2) throw new Error('no more paper');
    };
    const error = await failure(exportRecords({ ...base, onProgress }), 'ERR_CALLBACK');
    expect(error.message).toContain('no more paper');
    expect(await read()).toBe(records(0, 4).map(line).join(''));
  });

  it('closes the output and releases the lock if the sink or the source cannot be opened', async () => {
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

describe('when an export cannot be resumed', () => {
  async function interruptedExport() {
    const set = await setUp(THREE);
    await failure(exportRecords({ ...set.base, ...abortAfter(2) }), 'ERR_INTERRUPTED');
    return set;
  }

  it('rejects a checkpoint of another query, names the difference, and keeps the output', async () => {
    const { base, read } = await interruptedExport();
    const before = await read();
    const other = { ...base, source: { ...base.source, query: { interval: 'b' } } };
    const error = await failure(exportRecords(other), 'ERR_CHECKPOINT_MISMATCH');
    expect(error.message).toContain('query was null and is now {"interval":"b"}');
    expect(await read()).toBe(before);
    await exportRecords(base);
    expect(await read()).toBe(records(0, 5).map(line).join(''));
  });

  it('rejects a checkpoint of another API', async () => {
    const { base } = await interruptedExport();
    const other = exportRecords({ ...base, api: axios.create({ baseURL: 'http://127.0.0.1:10' }) });
    expect((await failure(other, 'ERR_CHECKPOINT_MISMATCH')).message).toContain('account was');
  });

  it('replaces the checkpoint of another query if nothing was exported yet', async () => {
    const { base, read } = await setUp(THREE);
    const broken = preparedPages([], {
      query: 'another',
      // biome-ignore lint/correctness/useYield: the source fails before its first page
      async *read() {
        throw new Error('no page');
      },
    });
    await failure(exportRecords({ ...base, source: broken }), 'ERR_CALLBACK');
    await exportRecords(base);
    expect(await read()).toBe(records(0, 5).map(line).join(''));
  });

  it('rejects a damaged checkpoint', async () => {
    const { base, path } = await interruptedExport();
    const text = await readFile(`${path}.checkpoint`, 'utf8');
    await writeFile(`${path}.checkpoint`, text.replace('"records":4', '"records":3'));
    const error = await failure(exportRecords(base), 'ERR_CHECKPOINT_DAMAGED');
    expect(error.message).toContain('checksum');
  });

  it('rejects an output that is shorter than its checkpoint says', async () => {
    const { base, path, read } = await interruptedExport();
    await truncate(path, 5);
    const error = await failure(exportRecords(base), 'ERR_OUTPUT_SHORT');
    expect(error.message).toMatch(/has 5 bytes, but its checkpoint says \d+/);
    expect(await read()).toHaveLength(5);
  });

  it('rejects an existing output without a checkpoint', async () => {
    const { base, path, read } = await setUp(THREE);
    await writeFile(path, 'precious\n');
    await failure(exportRecords(base), 'ERR_OUTPUT_EXISTS');
    expect(await read()).toBe('precious\n');
  });

  it('starts over with restart, and renames the existing files', async () => {
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

  it('rejects a second run on the same output, while the first run continues', async () => {
    const { base, read } = await setUp(THREE);
    let second: Promise<unknown> | undefined;
    const onProgress = async () => {
      second ??= failure(exportRecords(base), 'ERR_LOCKED');
      await second;
    };
    await exportRecords({ ...base, onProgress });
    expect(second).toBeDefined();
    expect(await read()).toBe(records(0, 5).map(line).join(''));
  });

  it('saves no checkpoint after the run has lost its lock', async () => {
    const { base, path } = await setUp(THREE);
    const onProgress = ({ pages }: Progress) => {
      if (pages === 1) rmLock(path);
    };
    await failure(exportRecords({ ...base, onProgress }), 'ERR_LOCKED');
  });

  it('rejects a missing directory', async () => {
    const { base, directory } = await setUp(THREE);
    const sink = jsonLinesFile(join(directory, 'missing', 'out.jsonl'));
    const error = await failure(exportRecords({ ...base, sink }), 'ERR_OUTPUT');
    expect(error.message).toContain('does not exist. Create the directory');
  });
});

it('exportRecords ends if its pages form a loop, also after a resume, and writes no record twice', async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, 'out.jsonl');
  const source = preparedPages([], {
    async *read({ from }) {
      const next: Record<string, string> = { a: 'b', b: 'c', c: 'd', d: 'b' };
      for (let at = String(from ?? 'a'); ; at = next[at] as string) yield { items: [{ at }], next: next[at] };
    },
  });
  const run = () => exportRecords({ api, source, sink: jsonLinesFile(path), checkpointInterval: 0 });
  expect((await failure(run(), 'ERR_PAGE_LOOP')).message).toContain('loop');
  await failure(run(), 'ERR_PAGE_LOOP');
  expect(await readFile(path, 'utf8')).toBe(['a', 'b', 'c'].map((at) => line({ at })).join(''));
  expect(existsSync(`${path}.checkpoint.lock`)).toBe(false);
});

it.each([
  ['without a monotonic time', undefined],
  ['with a monotonic time', true],
])('a clock %s that is set back by two hours stops no checkpoint', async (_, hasMonotonic) => {
  let time = 1_700_000_000_000;
  let passed = 0;
  const pages = Array.from({ length: 6 }, (_, n) => ({ items: records(n, n + 1) }));
  const { base, path } = await setUp(pages);
  const clock = { ...createManualClock(), now: () => time, ...(hasMonotonic && { monotonic: () => passed }) };
  const saved: number[] = [];
  const onProgress = async ({ pages: count, elapsed }: Progress) => {
    saved.push(JSON.parse(await readFile(`${path}.checkpoint`, 'utf8')).state.pages);
    expect(elapsed).toBe(passed);
    time += count === 2 ? -7_200_000 : 600;
    if (hasMonotonic || count !== 2) passed += 600;
  };
  await exportRecords({ ...base, clock, onProgress, checkpointInterval: 1000 });
  expect(saved.at(-1)).toBeGreaterThanOrEqual(4);
});

it('the progress contains the rate and the remaining time from the current run only', async () => {
  const clock = createManualClock();
  const reported: Progress[] = [];
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
    onProgress: (now) => void reported.push(now),
  });
  expect(
    reported.map(({ elapsed, recordsPerSecond, remaining }) => [elapsed, recordsPerSecond, remaining]),
  ).toEqual([
    [500, 20, 500],
    [1000, 20, 0],
  ]);
});

it('exportRecords lists all invalid options in one error', async () => {
  const wrong = { api: {}, rate: { requests: 0 }, readAhead: -1, timeout: Number.NaN } as unknown;
  await expect(exportRecords(wrong as ExportOptions)).rejects.toThrow(
    /api must be.*rate\.requests must be.*source must be.*sink must be.*timeout must be.*readAhead must be/,
  );
});

function rmLock(path: string): void {
  // Synchronously, so that the lock is removed before the next checkpoint.
  rmSync(`${path}.checkpoint.lock`);
}
