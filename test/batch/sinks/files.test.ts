import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import axios from 'axios';
import { describe, expect, it } from 'vitest';
import {
  csvFile,
  exportRecords,
  gzipCsvFile,
  gzipJsonLinesFile,
  jsonLinesFile,
  type Sink,
} from '../../../src/batch/index.ts';
import { failure, preparedPages, temporaryDirectory } from '../../support/batch.ts';
import { somePages } from '../../support/some-pages.ts';

const api = axios.create({ baseURL: 'http://127.0.0.1:9' });

const SINKS: [string, (path: string) => Sink][] = [
  ['JSON Lines', (path) => jsonLinesFile(path)],
  ['gzip with a member for each page', (path) => gzipJsonLinesFile(path, { memberSize: 0 })],
  ['gzip with a member for several pages', (path) => gzipJsonLinesFile(path, { memberSize: 400 })],
  ['gzip with one member', (path) => gzipJsonLinesFile(path)],
  ['CSV', (path) => csvFile(path, { bom: true })],
  ['gzip CSV with a member for each page', (path) => gzipCsvFile(path, { memberSize: 0 })],
  ['gzip CSV with a member for several pages', (path) => gzipCsvFile(path, { memberSize: 400, bom: true })],
  ['gzip CSV with one member', (path) => gzipCsvFile(path)],
  ['CSV with columns', (path) => csvFile(path, { columns: ['text', 'missing', 'id'], delimiter: ';' })],
];

const PAGES = 12;
const source = preparedPages(somePages(PAGES), { identify: ({ id }) => id });

async function undisturbed(toSink: (path: string) => Sink): Promise<Buffer> {
  const path = join(await temporaryDirectory(), 'undisturbed');
  await exportRecords({ api, source, sink: toSink(path) });
  return readFile(path);
}

/** Runs until the end, or until the given number of further pages is written. Returns whether the export is complete. */
async function runFor(pages: number, sink: Sink, checkpointInterval: number): Promise<boolean> {
  const abort = new AbortController();
  let left = pages;
  const onProgress = () => {
    if (--left === 0) abort.abort();
  };
  const { signal } = abort;
  return exportRecords({ api, source, sink, checkpointInterval, signal, onProgress }).then(
    () => true,
    (error) => {
      expect(error).toMatchObject({ code: 'ERR_INTERRUPTED', resumable: true });
      return false;
    },
  );
}

describe.each(SINKS)('a file of %s', (_, toSink) => {
  it('has the bytes of an undisturbed export after an interruption at any page', async () => {
    const expected = await undisturbed(toSink);
    for (const checkpointInterval of [0, 3_600_000]) {
      for (let pages = 1; pages <= PAGES; pages++) {
        const path = join(await temporaryDirectory(), 'out');
        const sink = toSink(path);
        const complete = await runFor(pages, sink, checkpointInterval);
        if (!complete) expect(await runFor(Number.POSITIVE_INFINITY, sink, checkpointInterval)).toBe(true);
        expect(await readFile(path)).toEqual(expected);
      }
    }
  });

  it('has the bytes of an undisturbed export after many interruptions and partial writes', async () => {
    const expected = await undisturbed(toSink);
    const path = join(await temporaryDirectory(), 'out');
    const sink = toSink(path);
    // The longest member must fit between two interruptions, or the export would repeat it forever.
    for (let pages = 1; !(await runFor(pages, sink, 0)); pages++) {
      await writeFile(path, 'half a rec', { flag: 'a' });
      await writeFile(`${path}.checkpoint.journal`, '{"next":"half', { flag: 'a' });
    }
    expect(await readFile(path)).toEqual(expected);
  });

  it('is complete and empty, apart from the heading, if there are no records', async () => {
    const path = join(await temporaryDirectory(), 'out');
    const nothing = preparedPages([{ items: [] }]);
    const summary = await exportRecords({ api, source: nothing, sink: toSink(path) });
    expect(summary).toMatchObject({ records: 0, pages: 1 });
    const bytes = await readFile(path);
    const name = toSink(path).format;
    if (JSON.stringify(name).includes('.gz"')) expect(gunzipSync(bytes)).toHaveLength(0);
    else if (JSON.stringify(name).includes('missing')) expect(bytes.toString()).toBe('text;missing;id\n');
    else expect(bytes).toHaveLength(0);
  });

  it('does not contain a page with a record that JSON cannot represent', async () => {
    const path = join(await temporaryDirectory(), 'out');
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    for (const text of [{ big: 1n }, circle]) {
      const open = await toSink(path).open(undefined);
      await open.write([{ id: '1', text: 'good' }]);
      const before = await open.save();
      await failure(
        open.write([
          { id: '2', text: 'good' },
          { id: '3', text },
        ]),
        'ERR_RECORD',
      );
      expect(await open.save()).toEqual(before);
      await open.close();
    }
  });
});

describe('gzip', () => {
  it('compresses the lines in members that do not depend on the times of checkpoints', async () => {
    const path = join(await temporaryDirectory(), 'out.jsonl.gz');
    const plain = join(await temporaryDirectory(), 'out.jsonl');
    await exportRecords({
      api,
      source,
      sink: gzipJsonLinesFile(path, { memberSize: 400 }),
      checkpointInterval: 0,
    });
    await exportRecords({ api, source, sink: jsonLinesFile(plain) });
    const bytes = await readFile(path);
    expect(gunzipSync(bytes).toString()).toBe(await readFile(plain, 'utf8'));
    // RFC 1952 section 2.3: deflate, no flags, no time, an unknown system.
    const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    const members = bytes.toString('latin1').split(header.toString('latin1'));
    expect(members[0]).toBe('');
    expect(members.length).toBeGreaterThan(3);
  });

  it('returns a position only between members, and buffers at most one member', async () => {
    const path = join(await temporaryDirectory(), 'out.jsonl.gz');
    const open = await gzipJsonLinesFile(path, { memberSize: 30, level: 9 }).open(undefined);
    expect(await open.save()).toBe(0);
    await open.write([{ n: 'ten bytes' }]);
    expect(await open.save()).toBeUndefined();
    expect(await readFile(path)).toHaveLength(0);
    await open.write([{ n: 'ten bytes' }]);
    const end = await open.save();
    expect(end).toBe((await readFile(path)).length);
    await open.write([{ n: 3 }]);
    expect(await open.save()).toBeUndefined();
    await open.finish();
    expect(await open.save()).toBe((await readFile(path)).length);
    await open.close();
    expect(gunzipSync((await readFile(path)).subarray(0, Number(end))).toString()).toBe(
      '{"n":"ten bytes"}\n'.repeat(2),
    );
  });

  it('compresses a CSV file with one heading, however often the file is saved', async () => {
    const path = join(await temporaryDirectory(), 'out.csv.gz');
    const plain = join(await temporaryDirectory(), 'out.csv');
    const options = { bom: true, delimiter: ';' };
    const sink = gzipCsvFile(path, { ...options, memberSize: 400 });
    await exportRecords({ api, source, sink, checkpointInterval: 0 });
    await exportRecords({ api, source, sink: csvFile(plain, options) });
    expect(gunzipSync(await readFile(path)).toString()).toBe(await readFile(plain, 'utf8'));
  });

  it('refuses to resume a CSV file that is shorter than its checkpoint', async () => {
    const path = join(await temporaryDirectory(), 'out.csv.gz');
    const sink = gzipCsvFile(path, { memberSize: 0 });
    await runFor(3, sink, 0);
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, -1));
    await failure(exportRecords({ api, source, sink }), 'ERR_OUTPUT_SHORT');
    expect(await readFile(path)).toEqual(bytes.subarray(0, -1));
  });

  it('names every invalid option', () => {
    expect(() => gzipCsvFile('x', { level: 0, columns: [] })).toThrow(/gzipCsvFile.*level/s);
    expect(() => gzipCsvFile('x', { columns: [] })).toThrow(/gzipCsvFile.*columns/s);
    expect(() => gzipJsonLinesFile('x', { level: 10, memberSize: -1 })).toThrow(/level.*memberSize/s);
    expect(() => gzipJsonLinesFile('x', { level: 1.5 })).toThrow(/level/);
  });

  it('refuses to resume with another compression level', async () => {
    const path = join(await temporaryDirectory(), 'out.gz');
    await runFor(3, gzipJsonLinesFile(path, { memberSize: 0 }), 0);
    const other = exportRecords({ api, source, sink: gzipJsonLinesFile(path, { memberSize: 0, level: 9 }) });
    expect((await failure(other, 'ERR_CHECKPOINT_MISMATCH')).message).toContain(
      'format.level was 6 and is now 9',
    );
  });
});
