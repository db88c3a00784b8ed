import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/batch.ts';
import { startSimulator } from '../support/simulated.ts';
import { genesysEnv, run } from './support.ts';

/** Returns a command that imports a file with this content. */
async function importOf(name: string, text: string) {
  const simulator = await startSimulator();
  const path = join(await temporaryDirectory(), name);
  await writeFile(path, text);
  return {
    simulator,
    path,
    ids: () => [...simulator.contacts('l1').keys()],
    run: (...flags: string[]) =>
      run(
        ['import', 'genesys-contacts', '--list', 'l1', '--in', path, '--rate', 'none', ...flags],
        genesysEnv(simulator),
      ),
  };
}

const ID = ['--id-field', 'id'];

describe('an import whose last row has no line end', () => {
  it.each([
    ['a.csv', 'id,phone\n1,+49301\n2,+493', '02\n', 3],
    ['a.jsonl', '{"id":"1","phone":"+49301"}\n{"id":"2","phone":"+493', '02"}\n', 2],
  ])(
    'exits with 6, then 7, and sends the row of %s when the row is finished',
    async (name, text, rest, line) => {
      const { run, ids, path, simulator } = await importOf(name, text);
      const first = await run(...ID);
      expect(first.code).toBe(6);
      expect(first.stderr).toContain(`line ${line}: the last row was not sent`);
      expect(first.stderr).toMatch(
        new RegExp(`\\nhint: finish line ${line} and run the same command again, or add --last-row-complete`),
      );
      expect((await run(...ID)).code).toBe(7);
      expect(ids()).toEqual(['1']);
      await appendFile(path, rest);
      expect((await run(...ID)).code).toBe(0);
      expect([...simulator.contacts('l1').values()].map(({ data }) => data.phone)).toEqual([
        '+49301',
        '+49302',
      ]);
    },
  );

  it('sends the row with --last-row-complete', async () => {
    const { run, ids } = await importOf('a.csv', 'id,phone\n1,2');
    const { code, stderr } = await run(...ID);
    expect({ code, ids: ids() }).toEqual({ code: 7, ids: [] });
    expect(stderr).toContain('finish line 2');
    expect((await run(...ID, '--last-row-complete')).code).toBe(0);
    expect(ids()).toEqual(['1']);
  });

  it('names the rejected records too', async () => {
    const { run } = await importOf('a.jsonl', '7\n{"id":"1"}\n{');
    const { code, stderr } = await run(...ID);
    expect(code).toBe(6);
    expect(stderr).toMatch(/hint: finish line 3 .*; fix the records, then import each file: --in /);
  });
});

describe('an import with warnings', () => {
  it.each([
    ['a.csv', ''],
    ['a.csv', 'id,phone\n'],
    ['a.jsonl', ''],
    ['a.jsonl', '\n\n'],
  ])('exits with 0, or with 8 and --strict: %s with %j', async (name, text) => {
    const { run } = await importOf(name, text);
    const { code, stderr } = await run(...ID);
    expect(code).toBe(0);
    expect(stderr).toContain('has no records');
    const strict = await run(...ID, '--strict');
    expect(strict.code).toBe(8);
    expect(strict.stderr).toContain('hint: exit code 8 because of --strict and 1 warning');
  });

  it('warns that other content of the same file is a new import', async () => {
    const { run, ids, path } = await importOf('a.jsonl', '{"id":"1"}\n');
    await run(...ID);
    await writeFile(path, '{"id":"2"}\n{"id":"3"}\n');
    const { code, stderr } = await run(...ID);
    expect(code).toBe(0);
    expect(stderr).toContain('this is a new import');
    expect(ids()).toEqual(['1', '2', '3']);
  });
});

describe('an input that cannot be imported', () => {
  it.each([
    ['a.json', '[{"id":"1"}]', ID, 'JSON Lines'],
    ['a.jsonl', '[\n  {"id":"1"}\n]\n', [...ID, '--on-bad-record', 'reject'], 'JSON Lines'],
    ['a.csv', 'id,phone\n1,2\n', [...ID, '--format', 'jsonl'], '--format csv'],
    ['a.csv', 'id;phone\n1;2\n', [], "--delimiter ';'"],
    ['a.csv', 'id;phone\n1;2\n', ID, "--delimiter ';'"],
    ['a.csv', 'ID,phone\n1,2\n', ID, 'Did you mean "ID"?'],
    ['a.jsonl', '{"data":{"id":"1"}}\n', ID, 'within "data"'],
  ])('exits with 2 and sends nothing: %s with %j', async (name, text, flags, message) => {
    const { run, simulator } = await importOf(name, text);
    const { code, stderr } = await run(...flags);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(simulator.counts.contactsReceived).toBe(0);
  });

  it.each([
    ['tab', '\t'],
    ['\\t', '\t'],
    ['|', '|'],
  ])('is read with --delimiter %s', async (flag, delimiter) => {
    const { run, ids } = await importOf('a.csv', `id${delimiter}phone\n1${delimiter}2\n`);
    expect((await run(...ID, '--delimiter', flag)).code).toBe(0);
    expect(ids()).toEqual(['1']);
  });
});
