import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type CheckImportOptions,
  checkImport,
  csvInput,
  genesysContactList,
  genesysExternalContacts,
  importRecords,
  jsonLinesInput,
  mapFields,
} from '../../../src/batch/index.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';
import { importing } from '../../support/imports.ts';

const NONE = { count: 0, first: [] };
const list = genesysContactList({ listId: 'L', idField: 'id' });

async function checking(name: string, lines: readonly string[], more: Partial<CheckImportOptions> = {}) {
  const directory = await temporaryDirectory();
  const path = join(directory, name);
  await writeFile(path, lines.map((line) => `${line}\n`).join(''));
  const input = name.endsWith('.csv') ? csvInput(path) : jsonLinesInput(path);
  const check = await checkImport({ input, target: list, ...more });
  // It writes nothing.
  expect(await readdir(directory)).toEqual([name]);
  return check;
}

describe('checkImport', () => {
  it.each<[string, string, string[], Partial<CheckImportOptions>, object]>([
    [
      'records that would all be sent',
      'a.csv',
      ['id,n', 'a,1', 'b,2', 'c,3'],
      { batchRecords: 2 },
      {
        records: 3,
        sendable: 3,
        requests: 2,
        unreadable: NONE,
        refused: NONE,
        withoutId: 0,
        repeatedIds: NONE,
        unresolvedWithoutId: 0,
      },
    ],
    ['no records', 'a.csv', ['id,n'], {}, { records: 0, sendable: 0, requests: 0 }],
    [
      'rows that cannot be read',
      'a.csv',
      ['id,n', 'a,1', 'b', 'c""x,3'],
      {},
      {
        records: 3,
        sendable: 1,
        requests: 1,
        unreadable: {
          count: 2,
          first: [{ line: 3, reason: expect.stringContaining('1 fields') }, { line: 4 }],
        },
      },
    ],
    [
      'records that the target refuses',
      'a.jsonl',
      ['7', '{"id":"a"}', '[]'],
      { batchRecords: 1 },
      {
        sendable: 1,
        requests: 1,
        refused: { count: 2, first: [{ line: 1, reason: 'the record is not a JSON object' }, { line: 3 }] },
      },
    ],
    [
      'only the first 20 of many problems',
      'a.jsonl',
      Array.from({ length: 30 }, () => 'x'),
      {},
      { unreadable: { count: 30, first: Array.from({ length: 20 }, (_, index) => ({ line: index + 1 })) } },
    ],
    [
      'repeated ids and records without ids',
      'a.jsonl',
      ['{"id":"a"}', '{"id":1}', '{"n":1}', '{"id":"a"}', '{"id":"1"}', '{"id":"a"}'],
      {},
      {
        withoutId: 1,
        repeatedIds: {
          count: 3,
          first: [
            { line: 4, reason: 'the record in line 1 has the same id' },
            { line: 5, reason: 'the record in line 2 has the same id' },
            { line: 6, reason: 'the record in line 4 has the same id' },
          ],
        },
      },
    ],
    [
      'unresolved records without an id',
      'a.jsonl',
      ['{"unresolved":{"line":1},"record":{"n":1}}', '{"unresolved":{"line":2},"record":{"id":"b"}}'],
      {},
      { unresolvedWithoutId: 1, withoutId: 1 },
    ],
    [
      'unresolved records without an id that the user has unwrapped',
      'a.jsonl.unresolved.jsonl',
      ['{"n":1}', '{"id":"b"}'],
      {},
      { unresolvedWithoutId: 1 },
    ],
    [
      'no unresolved records without an id if the target can check records',
      'a.jsonl',
      ['{"unresolved":{"line":1},"record":{"n":1}}'],
      { target: { ...genesysContactList({ listId: 'L' }), check: async () => [] } },
      { unresolvedWithoutId: 0 },
    ],
    [
      'the line at which the import would stop, which is not a line of a rejects file',
      'a.jsonl',
      ['{"rejected":{"line":1},"text":"x"}', '{"id":"a"}', '{', '{'],
      {},
      { stopsAtLine: 3, unreadable: { count: 3 } },
    ],
    [
      'no line at which the import would stop if bad records are rejected',
      'a.jsonl',
      ['{"id":"a"}', '{'],
      { onBadRecord: 'reject' },
      { stopsAtLine: undefined, unreadable: { count: 1 } },
    ],
    [
      'that the import would stop at a share of rejected records, although later records lower the share',
      'a.jsonl',
      [
        ...Array.from({ length: 100 }, (_, n) => (n % 5 === 4 ? '7' : `{"id":"${n}"}`)),
        ...Array.from({ length: 400 }, () => '{"id":"b"}'),
      ],
      { maxRejects: '10%', batchRecords: 10 },
      { exceedsMaxRejects: true },
    ],
    [
      'no unresolved records without an id if sendAgain is set',
      'a.jsonl',
      ['{"unresolved":{"line":1},"record":{"n":1}}'],
      { sendAgain: true },
      { unresolvedWithoutId: 0, withoutId: 1 },
    ],
    [
      'the limits of the target',
      'a.jsonl',
      Array.from({ length: 250 }, () => '{"lastName":"x"}'),
      { target: genesysExternalContacts() },
      { requests: 3, sendable: 250 },
    ],
  ])('reports %s', async (_, name, lines, more, expected) => {
    expect(await checking(name, lines, more)).toMatchObject(expected);
  });

  it('reports the problems and the requests of the real import', async () => {
    const lines = ['7', ...Array.from({ length: 20 }, (_, n) => `{"id":"c${n}"}`), '{', '[]'];
    const { base } = await importing({ lines });
    const options = { ...base, onBadRecord: 'reject' as const };
    const check = await checkImport(options);
    const { records, accepted, rejected, requests } = await importRecords(options);
    expect(check).toMatchObject({ records, sendable: accepted, requests });
    expect(check.unreadable.count + check.refused.count).toBe(rejected);
  });

  it('checks the whole input of an import that has begun, and leaves its files alone', async () => {
    const { base, sim, path } = await importing({ count: 9 });
    await importRecords(base);
    const { requests } = sim.counts;
    const before = await readFile(`${path}.import.checkpoint`, 'utf8');
    expect(await checkImport(base)).toMatchObject({ records: 9, requests: 3 });
    expect(await readFile(`${path}.import.checkpoint`, 'utf8')).toBe(before);
    expect(sim.counts.requests).toBe(requests);
  });

  it('reads the renamed fields', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'a.csv');
    await writeFile(path, 'Key,n\na,1\na,2\n');
    const check = (map: Record<string, string>) =>
      checkImport({ input: mapFields(csvInput(path), map), target: list });
    expect(await check({ Key: 'id' })).toMatchObject({ withoutId: 0, repeatedIds: { count: 1 } });
    await expect(check({ Kee: 'id' })).rejects.toThrow('did you mean "Key"?');
  });

  it('fails like the import if the file is missing, and if the signal is aborted', async () => {
    const input = jsonLinesInput('/missing/a.jsonl');
    await failure(checkImport({ input, target: list }), 'ERR_INPUT');
    const { base } = await importing();
    await failure(checkImport({ ...base, signal: AbortSignal.abort() }), 'ERR_INTERRUPTED');
  });
});
