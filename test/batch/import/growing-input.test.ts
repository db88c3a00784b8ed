import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCheckpoint, saveCheckpoint } from '../../../src/batch/checkpoint.ts';
import {
  csvInput,
  type ImportTarget,
  importRecords,
  jsonLinesInput,
  type RecordInput,
} from '../../../src/batch/index.ts';
import { failure } from '../../support/batch.ts';
import { importing, readLines } from '../../support/imports.ts';

interface Format {
  name: string;
  header: string;
  row: (id: string) => string;
  input: (path: string, lastRowComplete?: boolean) => RecordInput;
}

const CSV: Format = {
  name: 'CSV',
  header: 'id,name\n',
  row: (id) => `${id},"é ${id}"`,
  input: (path, lastRowComplete) => csvInput(path, { lastRowComplete }),
};
const JSON_LINES: Format = {
  name: 'JSON Lines',
  header: '',
  row: (id) => JSON.stringify({ id, name: `é ${id}` }),
  input: (path, lastRowComplete) => jsonLinesInput(path, { lastRowComplete }),
};
const FORMATS = [CSV, JSON_LINES];

/** Returns an import of a file with this content, and the ids of the records that were sent. */
async function importOf(format: Format, text: string) {
  const { base, sim, directory } = await importing({ count: 0 });
  const path = join(directory, 'in.data');
  await writeFile(path, text);
  const sent: string[] = [];
  let onSend = async () => {};
  const target: ImportTarget = {
    ...base.target,
    request(records) {
      sent.push(...(records as { id: string }[]).map(({ id }) => id));
      return base.target.request(records);
    },
  };
  const api = base.api;
  api.interceptors.response.use(async (response) => {
    await onSend();
    return response;
  });
  const options = (lastRowComplete?: boolean) => ({
    ...base,
    target,
    input: format.input(path, lastRowComplete),
  });
  return {
    sim,
    path,
    sent,
    run: (lastRowComplete?: boolean) => importRecords(options(lastRowComplete)),
    fails: () => failure(importRecords(options()), 'ERR_INPUT_CHANGED'),
    /** Calls a function once, while the next request is on the wire. */
    duringNextRequest(work: () => Promise<void>) {
      onSend = async () => {
        onSend = async () => {};
        await work();
      };
    },
  };
}

describe.each(FORMATS)('a file that grows, as $name', (format) => {
  const { header, row } = format;
  const rows = (...ids: string[]) => `${header}${ids.map((id) => `${row(id)}\n`).join('')}`;

  it('imports rows that were appended during the last request', async () => {
    const { path, sent, run, duringNextRequest } = await importOf(format, rows('a', 'b'));
    duringNextRequest(() => appendFile(path, `${row('c')}\n`));
    await run();
    await run();
    expect(sent).toEqual(['a', 'b', 'c']);
    expect(await run()).toMatchObject({ alreadyComplete: true, accepted: 3, warnings: [] });
  });

  it('treats empty lines at the end as nothing to import', async () => {
    const { path, run } = await importOf(format, rows('a'));
    await run();
    await appendFile(path, '\n\r\n  \n');
    expect(await run()).toMatchObject({ alreadyComplete: true, accepted: 1 });
  });

  it('sends a cut row only once the row has its line end', async () => {
    const whole = Buffer.from(`${row('b')}\r\n`);
    const withinCharacter = whole.indexOf('é') + 1;
    for (const length of [1, withinCharacter, whole.length - 2, whole.length - 1]) {
      const { path, sent, run } = await importOf(format, rows('a'));
      await appendFile(path, whole.subarray(0, length));
      const first = await run();
      expect(first).toMatchObject({ accepted: 1, alreadyComplete: false, unfinishedLine: header ? 3 : 2 });
      expect(first.warnings).toEqual([expect.stringMatching(/line [23]: .*line end.*--last-row-complete/)]);
      expect(await run()).toMatchObject({ alreadyComplete: true, unfinishedLine: header ? 3 : 2 });
      await appendFile(path, whole.subarray(length));
      expect(await run()).toMatchObject({ accepted: 2, alreadyComplete: false, warnings: [] });
      expect(sent).toEqual(['a', 'b']);
    }
  });

  it('sends a last row without a line end with lastRowComplete, and accepts its line end later', async () => {
    for (const end of ['\n', '\r\n']) {
      const { path, sent, run } = await importOf(format, `${rows('a')}${row('b')}`);
      const summary = await run(true);
      expect(summary).toMatchObject({ accepted: 2, warnings: [] });
      expect(summary.unfinishedLine).toBeUndefined();
      expect(await run()).toMatchObject({ alreadyComplete: true, warnings: [] });
      await appendFile(path, end);
      expect(await run()).toMatchObject({ alreadyComplete: true });
      await appendFile(path, `${row('c')}\n${row('d')}`);
      expect(await run()).toMatchObject({ accepted: 3, unfinishedLine: header ? 5 : 4 });
      expect(sent).toEqual(['a', 'b', 'c']);
    }
  });

  it('refuses a last row that has grown after it was sent', async () => {
    const { path, sent, run, fails } = await importOf(format, `${rows('a')}${row('b')}`);
    await run(true);
    await appendFile(path, 'more\n');
    expect((await fails()).message).toMatch(/line [23], which had no line end/);
    expect(sent).toEqual(['a', 'b']);
  });

  it('refuses a last row that has grown before its request was repeated', async () => {
    const text = `${rows('a', 'b', 'c')}${row('d')}`;
    const { path, sim, sent, run, fails } = await importOf(format, text);
    sim.schedule({ match: /contacts$/, kind: '403', after: 1 });
    await expect(run(true)).rejects.toMatchObject({ code: 'ERR_REQUEST' });
    sent.length = 0;
    await appendFile(path, 'more\n');
    await fails();
    expect(sent).toEqual([]);
    await writeFile(path, text);
    expect(await run()).toMatchObject({ accepted: 4, warnings: [] });
    expect(sent).toEqual(['d']);
  });

  it('warns of a file without records, each time', async () => {
    for (const text of ['', '\n  \r\n', '\ufeff', header, `${header}\n\n`]) {
      const { path, run } = await importOf(format, text);
      for (let times = 0; times < 2; times++) {
        const { records, warnings } = await run();
        expect(records).toBe(0);
        expect(warnings).toEqual([expect.stringContaining(`${path} has no records`)]);
      }
      await writeFile(path, rows('a'));
      expect(await run()).toMatchObject({ accepted: 1, warnings: [] });
    }
  });

  it('imports a file of the same name with other content from its start once the import is complete', async () => {
    const { path, sent, run } = await importOf(format, rows('a', 'b'));
    await run();
    for (const [text, ids] of [
      [rows('c', 'd'), ['c', 'd']],
      [rows('e'), ['e']],
      [rows('f', 'g', 'h'), ['f', 'g', 'h']],
    ] as const) {
      sent.length = 0;
      await writeFile(path, text);
      const summary = await run();
      expect(summary).toMatchObject({ accepted: ids.length, alreadyComplete: false, resumed: false });
      expect(summary.warnings).toEqual([expect.stringContaining('new import')]);
      expect(sent).toEqual(ids);
      expect(await run()).toMatchObject({ alreadyComplete: true, warnings: [] });
    }
  });
});

it('keeps the rejects of the earlier import if the file has other content', async () => {
  const { path, run } = await importOf(JSON_LINES, '7\n{"id":"a"}\n');
  expect(await run()).toMatchObject({ accepted: 1, rejected: 1 });
  await writeFile(path, '8\n{"id":"b"}\n');
  expect(await run()).toMatchObject({ accepted: 1, rejected: 1 });
  expect(await readLines(`${path}.rejects.jsonl.old-1`)).toMatchObject([{ record: 7 }]);
  expect(await readLines(`${path}.rejects.jsonl`)).toMatchObject([{ record: 8 }]);
});

it('does not send a CSV row whose quotation mark is open at the end of the file', async () => {
  const { path, sent, run } = await importOf(CSV, 'id,name\na,A\nb,"two\nlines\n');
  const summary = await run();
  expect(summary).toMatchObject({ accepted: 1, unfinishedLine: 3 });
  expect(summary.warnings[0]).toMatch(/lines 3 to \d: .*a quotation mark is not closed/);
  await expect(run(true)).rejects.toMatchObject({ code: 'ERR_INPUT' });
  await appendFile(path, 'end"\n');
  expect(await run()).toMatchObject({ accepted: 2 });
  expect(sent).toEqual(['a', 'b']);
});

it('does not read a CSV header without a line end', async () => {
  const { path, sent, run } = await importOf(CSV, 'id,na');
  expect(await run()).toMatchObject({ records: 0, unfinishedLine: 1 });
  await appendFile(path, 'me\na,A\n');
  expect(await run()).toMatchObject({ accepted: 1, warnings: [] });
  expect(sent).toEqual(['a']);
});

it('continues a complete import whose checkpoint has the size of the file, as version 0.4 wrote it', async () => {
  const { path, sent, run } = await importOf(JSON_LINES, '{"id":"a"}\n');
  await run();
  const checkpoint = `${path}.import.checkpoint`;
  const { subject, state } = parseCheckpoint<object>(checkpoint, await readFile(checkpoint, 'utf8'));
  // The last row was appended during the last request, so that version 0.4 did not send it.
  await appendFile(path, '{"id":"b"}\n');
  await saveCheckpoint(checkpoint, subject, { ...state, completeAt: 22 });
  expect(await run()).toMatchObject({ accepted: 2 });
  expect(sent).toEqual(['a', 'b']);
});

it('sends each record of a file once that is written in pieces during several imports', async () => {
  const piece = fc.record({ bytes: fc.integer({ min: 1, max: 40 }), during: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...FORMATS),
      fc.integer({ min: 1, max: 12 }),
      fc.array(piece, { maxLength: 6 }),
      async (format, count, pieces) => {
        const ids = Array.from({ length: count }, (_, index) => `id${index}`);
        let rest = Buffer.from(`${format.header}${ids.map((id) => `${format.row(id)}\n`).join('')}`);
        const { path, sent, run, duringNextRequest } = await importOf(format, '');
        const write = async (bytes: number) => {
          await appendFile(path, rest.subarray(0, bytes));
          rest = rest.subarray(bytes);
        };
        for (const { bytes, during } of pieces) {
          if (during) duringNextRequest(() => write(bytes));
          else await write(bytes);
          await run();
        }
        await write(rest.length);
        await run();
        expect(sent).toEqual(ids);
      },
    ),
    { numRuns: 25 },
  );
});
