import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BatchError, type CheckpointStore, exportRecords, jsonLinesFile } from '../../src/batch/index.ts';
import { failure, preparedPages, temporaryDirectory } from '../support/batch.ts';
import { numbered } from '../support/exporting.ts';
import { startServer } from '../support/server.ts';

const api = axios.create({ baseURL: 'http://localhost:1', proxy: false });
const PAGES = [0, 1, 2, 3].map((page) => ({ items: numbered(page * 10, page * 10 + 10) }));

/** Returns a store that keeps a checkpoint in memory, and rejects every save after `maxSaves`. */
function memory(
  maxSaves = Number.POSITIVE_INFINITY,
): CheckpointStore & { text: string | undefined; saves: number } {
  return {
    name: 'in memory',
    text: undefined,
    saves: 0,
    async load() {
      return this.text;
    },
    async save(text) {
      if (++this.saves > maxSaves) throw new BatchError('taken over', 'ERR_LOCKED');
      this.text = text;
    },
  };
}

describe('exportRecords with a checkpoint store or a rate limiter', () => {
  it('saves the checkpoint in a store, without a lock and a journal', async () => {
    const directory = await temporaryDirectory();
    const sink = jsonLinesFile(join(directory, 'out.jsonl'));
    const checkpoint = memory();
    const source = preparedPages(PAGES, { identify: (item: { id: string }) => item.id });
    const files: string[][] = [];
    const onProgress = async () => void files.push(await readdir(directory));
    const options = { api, source, sink, checkpoint, checkpointInterval: 0, onProgress };
    expect(await exportRecords(options)).toMatchObject({ records: 40, resumed: false });
    expect(new Set(files.flat())).toEqual(new Set(['out.jsonl']));
    expect(await exportRecords(options)).toMatchObject({ records: 40, alreadyComplete: true });
    // With restart, the checkpoint in the store is overwritten.
    expect(await exportRecords({ ...options, restart: true })).toMatchObject({ records: 40, resumed: false });
    expect((await readdir(directory)).sort()).toEqual(['out.jsonl', 'out.jsonl.old-1']);
  });

  it('ends the run if the store rejects a save, and another run resumes from the last saved checkpoint', async () => {
    const sink = jsonLinesFile(join(await temporaryDirectory(), 'out.jsonl'));
    const source = preparedPages(PAGES);
    // One save at the start, two after pages.
    const refusing = memory(3);
    const options = { api, source, sink, checkpointInterval: 0 };
    await failure(exportRecords({ ...options, checkpoint: refusing }), 'ERR_LOCKED');
    expect(refusing.saves).toBe(4);
    const next = memory();
    next.text = refusing.text;
    expect(await exportRecords({ ...options, checkpoint: next })).toMatchObject({
      records: 40,
      resumed: true,
    });
    expect((await readFile(sink.path ?? '', 'utf8')).trimEnd().split('\n')).toHaveLength(40);
  });

  it('warns if an export continues without a journal, because repeated records are not recognised', async () => {
    const sink = jsonLinesFile(join(await temporaryDirectory(), 'out.jsonl'));
    const pages = [numbered(0, 10), numbered(5, 15)].map((items) => ({ items, stated: 20 }));
    const source = preparedPages(pages, { identify: (item: { id: string }) => item.id });
    const checkpoint = memory();
    const stop = new AbortController();
    const options = { api, source, sink, checkpoint, checkpointInterval: 0 };
    const onProgress = () => stop.abort();
    await failure(exportRecords({ ...options, signal: stop.signal, onProgress }), 'ERR_INTERRUPTED');
    const { records, warnings } = await exportRecords(options);
    expect(records).toBe(20);
    expect(warnings).toEqual([
      expect.stringMatching(/^the export continued after 10 records without a journal/),
    ]);
  });

  it('checks the checkpoint of a store like the checkpoint of a file', async () => {
    const sink = jsonLinesFile(join(await temporaryDirectory(), 'out.jsonl'));
    const checkpoint = memory();
    await exportRecords({ api, source: preparedPages(PAGES), sink, checkpoint });
    const other = preparedPages(PAGES, { query: { other: true } });
    const mismatch = await failure(
      exportRecords({ api, source: other, sink, checkpoint }),
      'ERR_CHECKPOINT_MISMATCH',
    );
    expect(mismatch.message).toContain('the checkpoint in memory belongs to a different run: query was null');
    checkpoint.text = checkpoint.text?.replace('"records":40', '"records":41');
    await failure(
      exportRecords({ api, source: preparedPages(PAGES), sink, checkpoint }),
      'ERR_CHECKPOINT_DAMAGED',
    );
    const wrong = { load: async () => undefined } as unknown;
    await expect(
      exportRecords({ api, source: other, sink, checkpoint: wrong as CheckpointStore }),
    ).rejects.toThrow('checkpoint must be a file name, or a store with load and save');
  });

  it('calls a custom rate limiter before each request, and aborts its signal when the run ends', async () => {
    let answers = 0;
    const server = await startServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ n: ++answers }));
    });
    onTestFinished(() => server.close());
    const sink = jsonLinesFile(join(await temporaryDirectory(), 'out.jsonl'));
    const stop = new AbortController();
    let calls = 0;
    const rate = async (signal: AbortSignal) => {
      if (++calls <= 3) return;
      stop.abort(new Error('enough'));
      await new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    };
    const run = exportRecords({
      api: axios.create({ baseURL: server.url, proxy: false }),
      source: {
        name: 'endless',
        query: null,
        async *read({ request }) {
          for (let page = 1; ; page++) yield { items: [(await request({ url: '/' })).data], next: page };
        },
      },
      sink,
      rate,
      readAhead: 0,
      signal: stop.signal,
    });
    await failure(run, 'ERR_INTERRUPTED');
    expect(calls).toBe(4);
    expect(answers).toBe(3);
  });
});
