import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  csvInput,
  type InputRecord,
  importRecords,
  jsonLinesInput,
  type RecordInput,
} from '../../../src/batch/index.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';
import { arrivals, contacts, IMPORT_ID, importing, LIST, readLines } from '../../support/imports.ts';

const START = { offset: 0, line: 0 };

async function fileOf(content: string | Uint8Array): Promise<string> {
  const path = join(await temporaryDirectory(), 'in');
  await writeFile(path, content);
  return path;
}

async function readAll(input: RecordInput, from = START): Promise<InputRecord[]> {
  const records: InputRecord[] = [];
  for await (const record of input.read(from)) records.push(record);
  return records;
}

const values = (records: readonly InputRecord[]) => records.map(({ value }) => value);

describe('jsonLinesInput', () => {
  it('accepts a byte order mark, CR LF, empty lines and a missing last line feed', async () => {
    const path = await fileOf('\ufeff{"a":1}\r\n\n  \r\n{"a":"é"}\n[2]');
    const records = await readAll(jsonLinesInput(path));
    expect(values(records)).toEqual([{ a: 1 }, { a: 'é' }, [2]]);
    expect(records.map(({ line, start }) => [line, start])).toEqual([
      [1, 0],
      [4, 17],
      [5, 28],
    ]);
    expect(await readAll(jsonLinesInput(await fileOf('')))).toEqual([]);
  });

  it('refuses a line of 2 GB with its line and byte, without reading all of it', async () => {
    const path = await fileOf('{"a":1}\n');
    const file = await open(path, 'r+');
    await file.truncate(2 ** 31 + 8);
    await file.close();
    const before = process.memoryUsage().rss;
    const error = await failure(readAll(jsonLinesInput(path)), 'ERR_INPUT');
    expect(error.message).toContain('line 2 (byte 8)');
    expect(error.message).toContain('16777216');
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
    const csv = await failure(readAll(csvInput(path, { columns: ['a'] })), 'ERR_INPUT');
    expect(csv.message).toContain('line 2 (byte 8)');
  });

  it('accepts a line of exactly the maximum size', async () => {
    const path = await fileOf('"123456"\n"1234567"\n');
    expect(values(await readAll(jsonLinesInput(path, { maxLineBytes: 10 })))).toEqual(['123456', '1234567']);
    await failure(readAll(jsonLinesInput(path, { maxLineBytes: 9 })), 'ERR_INPUT');
  });

  it('refuses invalid UTF-8 with its line and byte, and does not replace it', async () => {
    const path = await fileOf(
      Buffer.concat([Buffer.from('{"a":1}\n"'), Buffer.from([0xff]), Buffer.from('"\n')]),
    );
    expect((await failure(readAll(jsonLinesInput(path)), 'ERR_INPUT')).message).toMatch(
      /line 2 \(byte 8\).*UTF-8/,
    );
  });

  it('refuses a missing file and a directory', async () => {
    const { base, directory } = await importing();
    const missing = jsonLinesInput(join(directory, 'missing'));
    expect((await failure(importRecords({ ...base, input: missing }), 'ERR_INPUT')).message).toContain(
      'no such file',
    );
    const error = await failure(importRecords({ ...base, input: jsonLinesInput(directory) }), 'ERR_INPUT');
    expect(error.message).toContain('not a regular file');
  });

  it('reads the record from a line of a rejects or unresolved file, and other lines as a whole', async () => {
    const lines = [
      { rejected: { line: 1 }, record: { a: 1 } },
      { record: { a: 2 }, unresolved: {} },
      { rejected: 1, record: 2, more: 3 },
      { rejected: true, other: 1 },
      { rejected: { line: 1 }, text: '{' },
    ];
    const records = await readAll(
      jsonLinesInput(await fileOf(lines.map((one) => JSON.stringify(one)).join('\n'))),
    );
    expect(values(records)).toEqual([{ a: 1 }, { a: 2 }, lines[2], lines[3], undefined]);
    expect(records[4]?.bad?.reason).toContain('already rejected');
  });
});

describe('csvInput', () => {
  it('reads rows with quotation marks, quoted line feeds and another delimiter', async () => {
    const path = await fileOf('a;b\r\n"x;\r\ny";1\r\n\r\n;"say ""no"""\r\nlast;é');
    const records = await readAll(csvInput(path, { delimiter: ';' }));
    expect(values(records)).toEqual([
      { a: 'x;\r\ny', b: '1' },
      { a: '', b: 'say "no"' },
      { a: 'last', b: 'é' },
    ]);
    expect(records.map(({ line }) => line)).toEqual([2, 5, 6]);
  });

  it('reads a file without a header row if the columns are an option', async () => {
    const path = await fileOf('1,2\n3,4\n');
    expect(values(await readAll(csvInput(path, { columns: ['a', '__proto__'] })))).toHaveLength(2);
    expect(values(await readAll(csvInput(path, { columns: ['a', 'b'] })))).toEqual([
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ]);
  });

  it.each([
    ['too many fields', '1,2,3', '3 fields, but there are 2 columns'],
    ['too few fields', '1', '1 fields, but there are 2 columns'],
    ['a stray quotation mark', 'a"b",2', 'an unquoted field contains a quotation mark'],
    ['text after a closing quotation mark', '"a"b,2', 'follows a closing quotation mark'],
    ['an unclosed quotation mark', '1,"2', 'not closed'],
  ])('reports a row with %s as bad', async (_, row, reason) => {
    const records = await readAll(csvInput(await fileOf(`a,b\n1,2\n${row}\n`)));
    expect(records[0]?.bad).toBeUndefined();
    expect(records[1]).toMatchObject({ line: 3, bad: { text: row } });
    expect(records[1]?.bad?.reason).toContain(reason);
    expect(records).toHaveLength(2);
  });

  it.each(['a,a\n', 'a,\n', '"a\n'])('refuses the header row %j', async (header) => {
    const input = csvInput(await fileOf(`${header}1,2\n`), { lastRowComplete: true });
    expect((await failure(readAll(input), 'ERR_INPUT')).message).toContain('header');
  });
});

it('reads the same remaining records from the end of any record', async () => {
  const field = fc.string({
    unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', '😀', ' '),
    maxLength: 6,
  });
  const rows = fc.array(fc.tuple(field, fc.boolean()), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(rows, fc.constantFrom('\n', '\r\n'), async (items, end) => {
      const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
      const json = items.map(([text, gap]) => `${JSON.stringify({ text })}${end}${gap ? end : ''}`);
      const csv = items.map(([text, gap]) => `x,${quote(text)}${end}${gap ? end : ''}`);
      const inputs = [
        jsonLinesInput(await fileOf(json.join(''))),
        csvInput(await fileOf(`\ufeffkey,text${end}${csv.join('')}`)),
      ];
      for (const input of inputs) {
        const all = await readAll(input);
        expect(all.map(({ value }) => (value as { text: string }).text)).toEqual(items.map(([text]) => text));
        for (const [index, { end: position }] of all.entries()) {
          expect(await readAll(input, position)).toEqual(all.slice(index + 1));
        }
      }
    }),
    { numRuns: 15 },
  );
});

describe('when a record is bad', () => {
  const lines = (bad: string) => [...contacts(4).map((one) => JSON.stringify(one)), bad, '{"id":"c4","n":4}'];

  it('ends the import before the record, and resumes there once the line is fixed', async () => {
    const { sim, base, path } = await importing({ lines: lines('{"id": secret') });
    const error = await failure(importRecords(base), 'ERR_INPUT');
    expect(error.message).toMatch(/line 5 \(byte \d+\): the line is not valid JSON/);
    expect(error.message).not.toContain('secret');
    expect(error.resumable).toBe(true);
    expect([...arrivals(sim).keys()]).toEqual([0, 1, 2]);
    await writeFile(path, [...lines('{"id":"c9","n":9}'), ''].join('\n'));
    expect(await importRecords(base)).toMatchObject({ resumed: true, accepted: 6 });
    expect([...arrivals(sim)].sort()).toEqual([0, 1, 2, 3, 4, 9].map((n) => [n, 1]));
  });

  it('writes the record to the rejects with `onBadRecord: reject`, where it stays rejected until it is corrected', async () => {
    const { sim, base, path } = await importing({ lines: lines('{"id":') });
    const summary = await importRecords({ ...base, onBadRecord: 'reject' });
    expect(summary).toMatchObject({ accepted: 5, rejected: 1 });
    expect(sim.contacts(LIST).size).toBe(5);
    const rejects = `${path}.rejects.jsonl`;
    expect(await readLines(rejects)).toEqual([
      { rejected: { import: IMPORT_ID, line: 5, reason: 'the line is not valid JSON' }, text: '{"id":' },
    ]);
    const again = await importRecords({ ...base, input: jsonLinesInput(rejects) });
    expect(again).toMatchObject({ accepted: 0, rejected: 1 });
    expect(await readLines(`${rejects}.rejects.jsonl`)).toEqual(await readLines(rejects));
  });

  it('ends the import at a CSV row with too many fields, and names its line', async () => {
    const { base, directory } = await importing();
    const path = join(directory, 'in.csv');
    await writeFile(path, 'id,n\nc0,0\nc1,1,1\n');
    const error = await failure(importRecords({ ...base, input: csvInput(path) }), 'ERR_INPUT');
    expect(error.message).toContain('line 3 (byte 10): the row has 3 fields');
  });
});

describe('when the input has changed', () => {
  const half = async () => {
    const set = await importing({ count: 9 });
    set.sim.schedule({ match: /contacts$/, kind: '403', after: 1 });
    await failure(importRecords(set.base), 'ERR_REQUEST');
    const lines = contacts(9).map((one) => JSON.stringify(one));
    return { ...set, lines };
  };

  it('refuses a change in the part already sent, and sends nothing', async () => {
    const { base, path, lines, sim } = await half();
    const requests = sim.counts.requests;
    await writeFile(path, [lines[0]?.replace('0', '7'), ...lines.slice(1)].join('\n'));
    expect((await failure(importRecords(base), 'ERR_INPUT_CHANGED')).message).toContain('bytes differ');
    await writeFile(path, `${lines[0]}\n`);
    await failure(importRecords(base), 'ERR_INPUT_CHANGED');
    expect(sim.counts.requests).toBe(requests);
    await writeFile(path, `${lines.join('\n')}\n`);
    expect(await importRecords(base)).toMatchObject({ accepted: 9 });
  });

  it('imports the current content after the part already sent', async () => {
    const { base, path, lines, sim } = await half();
    await writeFile(
      path,
      [...lines.slice(0, 8), '{"id":"new","n":77}', '{"id":"newer","n":78}', ''].join('\n'),
    );
    expect(await importRecords(base)).toMatchObject({ accepted: 10 });
    expect(arrivals(sim).has(78)).toBe(true);
  });
});
