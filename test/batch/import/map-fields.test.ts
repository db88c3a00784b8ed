import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  csvInput,
  type FieldMap,
  genesysContactList,
  importRecords,
  jsonLinesInput,
  mapFields,
  type RecordInput,
  toJson,
} from '../../../src/batch/index.ts';
import { ConfigurationError } from '../../../src/core/index.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';
import { importing, LIST, readLines } from '../../support/imports.ts';

async function inputOf(name: string, lines: readonly string[]): Promise<RecordInput> {
  const path = join(await temporaryDirectory(), name);
  await writeFile(path, lines.map((line) => `${line}\n`).join(''));
  return name.endsWith('.csv') ? csvInput(path) : jsonLinesInput(path);
}

async function recordsOf(input: RecordInput): Promise<string[]> {
  const records: string[] = [];
  for await (const { value, bad } of input.read({ offset: 0, line: 0 }))
    records.push(bad ? bad.reason : toJson(value));
  return records;
}

const CSV = ['id,Phone,phone1', 'a,1,2'];

describe('mapFields', () => {
  it.each<[string, string[], FieldMap, string[]]>([
    ['a.csv', ['id,Phone', 'a,1'], { Phone: 'phone1' }, ['{"id":"a","phone1":"1"}']],
    ['a.csv', CSV, { Phone: 'phone1', phone1: 'Phone' }, ['{"id":"a","phone1":"1","Phone":"2"}']],
    ['a.csv', CSV, { Phone: 'phone1', phone1: 'phone2' }, ['{"id":"a","phone1":"1","phone2":"2"}']],
    ['a.csv', CSV, { Phone: 'Phone' }, ['{"id":"a","Phone":"1","phone1":"2"}']],
    [
      'a.jsonl',
      ['{"Id":12345678901234567890,"data":{"Id":1.5}}', '{"x":1}', '7'],
      { Id: 'id' },
      ['{"id":12345678901234567890,"data":{"Id":1.5}}', '{"x":1}', '7'],
    ],
    ['a.jsonl', ['{"a":1}'], { a: '__proto__' }, ['{"__proto__":1}']],
    ['a.jsonl', ['{"constructor":1}'], { a: 'b' }, ['{"constructor":1}']],
    [
      'a.jsonl',
      ['{"rejected":{"line":1},"record":{"id":"x","Id":2}}', '{"Id":3}'],
      { Id: 'id' },
      ['{"id":"x","Id":2}', '{"id":3}'],
    ],
  ])('renames the fields of %s with the lines %j by %j', async (name, lines, map, expected) => {
    const mapped = mapFields(await inputOf(name, lines), map);
    expect(await recordsOf(mapped)).toEqual(expected);
  });

  it.each<[string, unknown, string]>([
    ['no names', {}, 'map must be an object of names'],
    ['null', null, 'map must be an object of names'],
    ['an empty name', { '': 'a' }, 'a name must not be empty'],
    ['an empty new name', { a: ' ' }, 'the new name of "a" must be a text that is not empty'],
    ['a number', { a: 1 }, 'the new name of "a" must be a text'],
    ['two fields with one new name', { a: 'x', b: 'x' }, '"a" and "b" have the same new name "x"'],
  ])('refuses %s', (_, map, problem) => {
    expect(() => mapFields(jsonLinesInput('a.jsonl'), map as FieldMap)).toThrow(ConfigurationError);
    expect(() => mapFields(jsonLinesInput('a.jsonl'), map as FieldMap)).toThrow(
      `mapFields (--map): ${problem}`,
    );
  });

  it.each<[string, string[], FieldMap, string]>([
    [
      'in.csv',
      ['id,Phone', 'a,1'],
      { Fone: 'phone1' },
      'no record has "Fone" (did you mean "Phone"?); the names in the input are "id", "Phone"',
    ],
    ['in.csv', ['id;Phone', 'a;1'], { Phone: 'phone1' }, 'the header is one column that contains ;'],
    ['in.csv', CSV, { Phone: 'phone1' }, 'a record already has "phone1", the new name of another field'],
    ['in.jsonl', ['{"a":1}', '{"b":2}'], { c: 'd' }, 'no record has "c"'],
    ['in.jsonl', ['{"data":{"Phone":1}}'], { Phone: 'p' }, 'the names in the input are "data"'],
    ['in.jsonl', ['{"a":1}', '{"b":2,"c":3}'], { b: 'c' }, 'a record already has "c"'],
  ])('refuses %s with %j by %j before the first request', async (name, lines, map, problem) => {
    const { base, sim } = await importing();
    const input = mapFields(await inputOf(name, lines), map);
    const error = await importRecords({ ...base, input }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain(problem);
    expect(sim.counts.requests).toBe(0);
  });

  it.each([
    ['only lines of a rejects file', ['{"rejected":{},"record":{"a":1}}']],
    ['no records', []],
    ['only bad lines', ['{']],
  ])('accepts an input with %s', async (_, lines) => {
    const input = mapFields(await inputOf('a.jsonl', lines), { Phone: 'phone1' });
    await expect(input.check?.()).resolves.toBeUndefined();
  });

  it('stops at a later record that already has a new name, and never overwrites the value', async () => {
    const { base, sim } = await importing();
    const input = mapFields(await inputOf('a.jsonl', ['{"id":"a","P":1}', '{"id":"b","P":1,"p":2}']), {
      P: 'p',
    });
    const error = await failure(importRecords({ ...base, input }), 'ERR_INPUT');
    expect(error.message).toContain('line 2');
    expect(error.message).toContain('a record already has "p"');
    expect(await importRecords({ ...base, input, onBadRecord: 'reject' })).toMatchObject({
      accepted: 1,
      rejected: 1,
    });
    expect([...sim.contacts(LIST).values()].map(({ data }) => data)).toEqual([{ id: 'a', p: 1 }]);
  });

  it('writes rejected records with the new names, and does not rename them again', async () => {
    const { base, noIds, sim } = await importing();
    const source = await inputOf('a.jsonl', ['{"Id":"a","b":1}', '{"Id":"b","b":2}']);
    const target = genesysContactList({ listId: LIST, idField: 'id' });
    const problem = (record: unknown) => ((record as { b: number }).b === 2 ? 'no' : undefined);
    const map = { Id: 'id', b: 'c', c: 'b' };
    await expect(
      importRecords({ ...base, input: mapFields(source, { Id: 'id', b: 'c', c: 'b' }), target }),
    ).rejects.toThrow('no record has "c"');
    const renamed = mapFields(source, { Id: 'id' });
    const summary = await importRecords({ ...base, input: renamed, target: { ...target, problem } });
    expect(summary).toMatchObject({ accepted: 1, rejected: 1 });
    expect(await readLines(`${source.path}.rejects.jsonl`)).toMatchObject([{ record: { id: 'b', b: 2 } }]);
    const rejects = mapFields(jsonLinesInput(`${source.path}.rejects.jsonl`), map);
    expect(await importRecords({ ...noIds, target, input: rejects })).toMatchObject({ accepted: 1 });
    expect(sim.contacts(LIST).get('b')?.data).toEqual({ id: 'b', b: 2 });
  });

  it('resumes only with the same names', async () => {
    const { base, sim } = await importing();
    const source = await inputOf('a.jsonl', ['{"Id":"a"}', '{"Id":"b"}']);
    const run = (map: FieldMap) => importRecords({ ...base, input: mapFields(source, map) });
    await run({ Id: 'id' });
    await appendFile(source.path, '{"Id":"c"}\n');
    const error = await failure(run({ Id: 'key' }), 'ERR_CHECKPOINT_MISMATCH');
    expect(error.message).toContain('input.map.Id was "id" and is now "key"');
    await run({ Id: 'id' });
    expect([...sim.contacts(LIST).keys()]).toEqual(['a', 'b', 'c']);
  });
});
