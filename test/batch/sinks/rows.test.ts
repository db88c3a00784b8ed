import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import axios from 'axios';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import {
  type CsvOptions,
  csvFile,
  csvStream,
  exportRecords,
  gzipCsvFile,
  gzipCsvStream,
  gzipJsonLinesStream,
  jsonLinesStream,
  type RowLevel,
} from '../../../src/batch/index.ts';
import { conversationRows } from '../../../src/batch/internal.ts';
import { failure, preparedPages, temporaryDirectory } from '../../support/batch.ts';

const api = axios.create({ baseURL: 'http://127.0.0.1:9' });
const records = [
  {
    conversationId: 'a',
    externalTag: 'tag',
    participants: [{ purpose: 'agent', sessions: [{ segments: [{ queueId: 'q' }, { fresh: 1 }] }] }],
  },
  { conversationId: 'b' },
];

async function write(options: CsvOptions, pages: readonly (readonly unknown[])[] = [records]) {
  const path = join(await temporaryDirectory(), 'out.csv');
  const source = preparedPages(pages.map((items) => ({ items })));
  const summary = await exportRecords({ api, source, sink: csvFile(path, options) });
  const text = await readFile(path, 'utf8');
  return { summary, rows: parse(text, { columns: true }) as Record<string, string>[], text };
}

describe('rows of csvFile', () => {
  it('have the columns of the model, count conversations as records, and warn about other fields', async () => {
    const { summary, rows, text } = await write({ rows: 'segments' });
    expect(text.split('\n')[0]).toBe(
      conversationRows('segments')
        .columns.map(({ name }) => name)
        .join(),
    );
    expect(rows.map(({ conversationId, segmentOrdinal }) => [conversationId, segmentOrdinal])).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['b', '0'],
    ]);
    expect(summary.records).toBe(2);
    expect(summary.warnings.join()).toMatch(/1 row has fields .*"fresh".*--columns/);
  });

  it('have a heading without any record', async () => {
    expect((await write({ rows: 'participants' }, [[]])).text).toMatch(/^conversationId,participantOrdinal,/);
  });

  it('can select columns and members of the parents, with hints about misspelt names', async () => {
    const columns = ['conversationId', 'externalTag', 'queueId', 'fresh'];
    const { text, summary } = await write({ rows: 'segments', columns });
    expect(text).toBe('conversationId,externalTag,queueId,fresh\na,tag,q,\na,tag,,1\nb,,,\n');
    expect(summary.warnings).toEqual([]);
    const error = await failure(write({ rows: 'segments', columns: ['queueid'] }), 'ERR_RECORD');
    expect(error.message).toContain('Did you mean "queueId"?');
  });

  it('are part of the format of the checkpoint, and of the state that resumes', async () => {
    expect(csvFile('x', { rows: 'sessions' }).format).toMatchObject({ rows: 'sessions' });
    expect(csvFile('x').format).not.toHaveProperty('rows');
    const path = join(await temporaryDirectory(), 'out.csv');
    const sink = gzipCsvFile(path, { rows: 'segments', memberSize: 1 });
    const first = await sink.open(undefined);
    await first.write(records);
    const position = JSON.parse(JSON.stringify(await first.save()));
    await first.close();
    const second = await sink.open(position);
    await second.write(records);
    await second.finish();
    expect(second.warnings?.().join()).toMatch(/^2 rows have fields/);
    await second.close();
    expect(
      gunzipSync(await readFile(path))
        .toString()
        .split('\n'),
    ).toHaveLength(8);
  });

  it('must be a known level', () => {
    expect(() => csvFile('x', { rows: 'segment' as RowLevel })).toThrow(
      'rows must be one of participants, sessions, segments, not "segment"',
    );
  });
});

describe('the streams of all formats', () => {
  const expected = { jsonl: '{"n":1}\n{"n":2}\n', csv: 'n\n1\n2\n' };
  const source = preparedPages([{ items: [{ n: 1 }] }, { items: [{ n: 2 }] }]);

  it.each([
    ['jsonl', jsonLinesStream, false],
    ['csv', csvStream, false],
    ['jsonl', gzipJsonLinesStream, true],
    ['csv', gzipCsvStream, true],
  ] as const)('write complete %s (%o)', async (format, streamOf, isGzip) => {
    const stream = new PassThrough();
    await exportRecords({ api, source, sink: streamOf(stream) });
    const bytes: Buffer = stream.read();
    expect((isGzip ? gunzipSync(bytes) : bytes).toString()).toBe(expected[format]);
    expect(stream.listenerCount('error')).toBe(0);

    const destroyed = streamOf(new PassThrough().destroy());
    expect((await failure(exportRecords({ api, source, sink: destroyed }), 'ERR_OUTPUT')).message).toMatch(
      /closed/,
    );
  });
});
