import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  csvInput,
  genesysContactList,
  genesysExternalContacts,
  type ImportTarget,
  importRecords,
  jsonLinesInput,
  type RecordInput,
} from '../../../src/batch/index.ts';
import { ConfigurationError } from '../../../src/core/errors.ts';
import { importing, LIST } from '../../support/imports.ts';

/** Returns an import of a file with this content, and a check that a refused import has neither sent nor created anything. */
async function importOf(text: string | Buffer, input: (path: string) => RecordInput, target?: ImportTarget) {
  const { base, noIds, sim, directory } = await importing({ count: 0 });
  const path = join(directory, 'in.data');
  await writeFile(path, text);
  const options = { ...noIds, ...(target && { target }), input: input(path), onBadRecord: 'reject' as const };
  return {
    base,
    path,
    options,
    async refused(): Promise<Error> {
      const files = await readdir(directory);
      const error = await importRecords(options).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(sim.counts.requests).toBe(0);
      expect(await readdir(directory)).toEqual(files);
      return error as Error;
    },
  };
}

const RECORDS = [
  { id: 'a', n: 1 },
  { id: 'b', n: 2 },
];

describe('a file that is not JSON Lines', () => {
  it.each([
    ['an array on one line', `${JSON.stringify(RECORDS)}\n`, /is a JSON array, not JSON Lines.*jq/],
    ['an array without a line end', JSON.stringify(RECORDS), /JSON array/],
    ['an array over many lines', JSON.stringify(RECORDS, undefined, 2), /JSON array/],
    ['an array with a record on each line', '[{"id":"a"},\n{"id":"b"}]\n', /JSON array/],
    ['an array after a byte order mark and empty lines', `\ufeff\r\n \n[\n${'1,\n'}2]\n`, /JSON array/],
    ['an array after many empty lines', `${'\n'.repeat(2000)}[{"id":"a"}]\n`, /JSON array/],
    ['an empty array', '[]\n', /JSON array/],
    ['an array that is longer than a line may be', `[${'"0123456789",'.repeat(2 ** 21)}1]`, /JSON array/],
    ['an object over many lines', `${JSON.stringify(RECORDS[0], undefined, 2)}\n`, /several lines, not JSON/],
    ['CSV', 'id,name\n1,A\n2,B\n', /seems to be CSV, not JSON Lines.*--format csv/],
    ['CSV in quotation marks', '"id";"name"\n"1";"A"\n', /seems to be CSV/],
  ])('is refused before the first request: %s', async (_, text, message) => {
    const { refused } = await importOf(text, jsonLinesInput);
    expect(await refused()).toMatchObject({ code: 'ERR_INPUT', resumable: false });
    expect((await refused()).message).toMatch(message);
  });

  it('can have an array on each line', async () => {
    const { base, options } = await importOf('[1,2]\n[3]\n', jsonLinesInput);
    const sent: unknown[] = [];
    const target: ImportTarget = {
      ...base.target,
      idField: undefined,
      problem: () => undefined,
      request(records) {
        sent.push(...records);
        return base.target.request([{ data: {} }, { data: {} }]);
      },
    };
    expect(await importRecords({ ...options, target })).toMatchObject({ accepted: 2 });
    expect(sent).toEqual([[1, 2], [3]]);
  });

  it.each([
    ['a cut object', '{"id":"a\n{"id":"b"}\n'],
    ['text', 'oops\n{"id":"b"}\n'],
    ['text with commas', 'a, b\n{"id":"b"}\n'],
  ])('can have a bad record in its first line: %s', async (_, text) => {
    const { options } = await importOf(text, jsonLinesInput);
    expect(await importRecords(options)).toMatchObject({ accepted: 1, rejected: 1 });
  });
});

describe('a CSV file', () => {
  const readAs = (delimiter?: string) => (path: string) => csvInput(path, { delimiter });

  it.each([
    ['semicolons', 'id;name\n1;A\n', "--delimiter ';'"],
    ['semicolons, and a comma in quotation marks', '"id";"name, first"\n1;A\n', "--delimiter ';'"],
    ['semicolons and quotation marks', '"id";"name"\r\n"1";"A"\r\n', "--delimiter ';'"],
    ['tabs', 'id\tname\n1\tA\n', '--delimiter tab'],
    ['vertical bars', '\ufeffid|name\n1|A\n', "--delimiter '|'"],
    ['semicolons, and no records', 'id;name\n', "--delimiter ';'"],
  ])('with %s is refused unless the delimiter is set', async (_, text, flag) => {
    for (const target of [undefined, genesysContactList({ listId: LIST, idField: 'id' })]) {
      const error = await (await importOf(text, readAs(), target)).refused();
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error.message).toContain(flag);
    }
  });

  it.each([
    [';', 'id;name\n1;A\n', { id: '1', name: 'A' }],
    ['\t', 'id\tname\n1\tA\n', { id: '1', name: 'A' }],
    [',', 'id;name\n1;A\n', { 'id;name': '1;A' }],
    [undefined, '"a;b",c\n1,2\n', { 'a;b': '1', c: '2' }],
    [undefined, 'id\n1\n', { id: '1' }],
  ])('is read with the delimiter %j', async (delimiter, text, record) => {
    const { options } = await importOf(text, readAs(delimiter));
    const values: unknown[] = [];
    for await (const { value } of options.input.read({ offset: 0, line: 0 })) values.push(value);
    expect(values).toEqual([record]);
  });

  it.each(['{"id":"a","n":1}\n{"id":"b"}\n', '[{"id":"a"}]', '[\n{"id":"a"}\n]\n', '{\n"id":1}'])(
    'is refused if it is JSON: %j',
    async (text) => {
      const error = await (await importOf(text, readAs())).refused();
      expect(error).toMatchObject({ code: 'ERR_INPUT', resumable: false });
      expect(error.message).toContain('jsonLinesInput (--format jsonl)');
    },
  );
});

describe('a file that is not text in UTF-8', () => {
  it.each<[string, string | Buffer, string]>([
    ['gzip', gzipSync('{"id":"a"}\n'), 'is compressed with gzip'],
    ['a spreadsheet', 'PK\x03\x04\x14', 'spreadsheet'],
    ['UTF-16', Buffer.from('\ufeffid,n\n1,a\n', 'utf16le'), 'iconv -f UTF-16'],
    ['UTF-16 without a byte order mark', Buffer.from('id,n\n1,a\n', 'utf16le'), 'iconv -f UTF-16'],
    ['lines that end in carriage returns', 'id,n\r1,a\r', "tr '\\r' '\\n'"],
  ])('is refused before the first request: %s', async (_, content, advice) => {
    for (const input of [csvInput, jsonLinesInput]) {
      const error = await (await importOf(content, input)).refused();
      expect(error).toMatchObject({ code: 'ERR_INPUT', resumable: false });
      expect(error.message).toContain(advice);
    }
  });
});

describe('an input without the ID field', () => {
  const contactList = genesysContactList({ listId: LIST, idField: 'customerId' });
  const idList = genesysContactList({ listId: LIST, idField: 'id' });
  const data = { customerId: '1', phone: '+49' };

  it.each<[string, string, (path: string) => RecordInput, ImportTarget, RegExp]>([
    [
      'a misspelt column',
      'customerid,name\n1,A\n',
      csvInput,
      contactList,
      /Did you mean "customerid"\?.*"customerid", "name"/,
    ],
    ['spaces around a name', ' id ,n\n1,A\n', csvInput, idList, /Did you mean " id "\?/],
    [
      'other columns',
      'phone,zip\n1,A\n',
      csvInput,
      contactList,
      /no record .* has "customerId".*"phone", "zip"/,
    ],
    ['another delimiter', 'customerId;name, first\n1;A, B\n', csvInput, contactList, /--delimiter/],
    [
      'an explicit delimiter that is wrong',
      'customerId,name\n1,A\n',
      (path) => csvInput(path, { delimiter: ';' }),
      contactList,
      /--delimiter/,
    ],
    ['empty values', 'customerId,name\n,A\n,B\n', csvInput, contactList, /a text or a number as its id/],
    ['other members', '{"customer":1}\n{"n":2}\n', jsonLinesInput, contactList, /"customer", "n"/],
    [
      'an id within `data`',
      `${JSON.stringify({ callable: true, data })}\n`,
      jsonLinesInput,
      contactList,
      /"customerId" within "data".*member "id"/,
    ],
    [
      'unwrapped records of a rejects file',
      `${JSON.stringify({ rejected: { line: 1, reason: 'x' }, record: { customer: 1 } })}\n`,
      jsonLinesInput,
      contactList,
      /"customer"/,
    ],
    [
      'external contacts without ids',
      '{"firstName":"Ada"}\n',
      jsonLinesInput,
      genesysExternalContacts({ keepsIds: true }),
      /has "id".*--keeps-ids|--keeps-ids.*has "id"/,
    ],
  ])('is refused before the first request: %s', async (_, text, input, target, message) => {
    const error = await (await importOf(text, input, target)).refused();
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('+49');
  });

  it.each<[string, string, (path: string) => RecordInput]>([
    ['only some records have ids', 'customerId,name\n,A\n2,B\n', csvInput],
    ['a contact has its id beside `data`', `${JSON.stringify({ id: '1', data })}\n`, jsonLinesInput],
    ['the id is a number', '{"customerId":1}\n', jsonLinesInput],
    ['no record can be sent', '7\n{\n', jsonLinesInput],
    ['there are no records', 'customer,name\n', csvInput],
  ])('is imported if %s', async (_, text, input) => {
    const { options } = await importOf(text, input, contactList);
    expect(await importRecords(options)).toMatchObject({ status: 'complete' });
  });

  it('is refused at a fresh start only, so that an import that has begun can resume', async () => {
    const { options, path } = await importOf('customerId,n\n1,1\n', csvInput, contactList);
    await importRecords(options);
    await writeFile(path, 'customerId,n\n1,1\n,2\n');
    expect(await importRecords(options)).toMatchObject({ accepted: 2 });
    await writeFile(path, 'customer,n\n1,1\n');
    const error = await importRecords(options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    // The checkpoint of the earlier import is still in its place.
    await writeFile(path, 'customerId,n\n1,1\n,2\n');
    expect(await importRecords(options)).toMatchObject({ alreadyComplete: true });
  });
});
