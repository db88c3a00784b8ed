import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/batch.ts';
import { startSimulator } from '../support/simulated.ts';
import { genesysEnv, run } from './support.ts';

async function inputFile(name: string, text: string): Promise<string> {
  const path = join(await temporaryDirectory(), name);
  await writeFile(path, text);
  return path;
}

const QUICK = ['--rate', 'none'];

describe('import', () => {
  it('genesys-contacts sends each row of a CSV file once', async () => {
    const simulator = await startSimulator({ revokeEvery: 2 });
    const rows = Array.from({ length: 45 }, (_, index) => `c${index},+49 30 ${index}`);
    const path = await inputFile('contacts.csv', ['customer,phone', ...rows, ''].join('\n'));
    const args = ['import', 'genesys-contacts', '--list', 'l1', '--in', path, '--id-field', 'customer'];
    const { code, stdout, stderr } = await run(
      [...args, '--batch-size', '10', ...QUICK],
      genesysEnv(simulator),
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('complete: 45 records accepted in ');
    expect([...simulator.contacts('l1').keys()].sort()).toEqual(rows.map((row) => row.split(',')[0]).sort());

    const again = await run([...args, '--batch-size', '10', ...QUICK], genesysEnv(simulator));
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('already complete: 45 records accepted');
    expect(simulator.counts.contactsReceived).toBe(45);
  });

  it('writes rejected records to a file and exits with 6', async () => {
    const simulator = await startSimulator();
    const contacts = ['{"data":{"name":"a"}}', '7', '{"data":{"name":"b"}}', ''].join('\n');
    const path = await inputFile('contacts.jsonl', contacts);
    const args = ['import', 'genesys-contacts', '--list', 'l1', '--in', path, ...QUICK];
    const { code, stderr } = await run(args, genesysEnv(simulator));
    expect(code).toBe(6);
    expect(stderr).toContain('complete: 2 records accepted in 0.');
    expect(stderr).toContain(`; 1 rejected, see ${path}.rejects.jsonl\n`);
    expect(await readFile(`${path}.rejects.jsonl`, 'utf8')).toContain('"record":7');
    expect(simulator.contacts('l1').size).toBe(2);
    // The same command has nothing left to do, so a loop that repeats it must end.
    const again = await run(args, genesysEnv(simulator));
    expect(again.code).toBe(7);
    expect(again.stderr).toMatch(
      /already complete: .*\nhint: fix the records, then import each file: --in \S+\.rejects\.jsonl\n$/,
    );
  });

  it('sends unresolved records without IDs only with --send-again, and warns that they may be stored twice', async () => {
    const simulator = await startSimulator();
    const line = '{"unresolved":{"line":1,"reason":"timeout"},"record":{"name":"a"}}\n';
    const path = await inputFile('contacts.jsonl.unresolved.jsonl', line);
    const args = ['import', 'genesys-contacts', '--list', 'l1', '--in', path, ...QUICK];
    const refused = await run(args, genesysEnv(simulator));
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('1 record without an id');
    expect(refused.stderr).toContain('--send-again');
    expect(simulator.contacts('l1').size).toBe(0);
    const sent = await run([...args, '--send-again'], genesysEnv(simulator));
    expect(sent.code).toBe(0);
    expect(sent.stderr).toContain('may be stored twice');
    expect(simulator.contacts('l1').size).toBe(1);
  });

  it('genesys-external-contacts reads JSON Lines', async () => {
    const simulator = await startSimulator();
    const path = await inputFile('people.jsonl', '{"firstName":"Ada"}\n{"firstName":"Alan"}\n');
    const args = ['import', 'genesys-external-contacts', '--in', path, ...QUICK, '--log', 'json'];
    const { code, stderr } = await run(args, genesysEnv(simulator));
    expect(code).toBe(0);
    expect(simulator.externalContacts().size).toBe(2);
    const last = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ event: 'complete', exitCode: 0, accepted: 2, rejected: 0, unresolved: 0 });
  });

  it('stops at a row with missing fields, and resumes once the row is fixed', async () => {
    const simulator = await startSimulator();
    const path = await inputFile('contacts.csv', 'customer,phone\na,1\nb\nc,3\n');
    const args = [
      'import',
      'genesys-contacts',
      '--list',
      'l1',
      '--in',
      path,
      '--id-field',
      'customer',
      ...QUICK,
    ];
    const { code, stderr } = await run(args, genesysEnv(simulator));
    expect(code).toBe(7);
    expect(stderr).toContain('line 3');
    expect(stderr).toMatch(
      /\nhint: fix the line and run the same command again; .*--on-bad-record reject instead\n$/,
    );
    await writeFile(path, 'customer,phone\na,1\nb,2\nc,3\n');
    expect((await run(args, genesysEnv(simulator))).code).toBe(0);
    expect([...simulator.contacts('l1').values()].map(({ times }) => times)).toEqual([1, 1, 1]);
  });

  it('exits with 2 if the checkpoint is the input by another path', async () => {
    const path = await inputFile('a.jsonl', '{"phone":"1"}\n');
    const other = `${dirname(path)}/./${basename(path)}`;
    const args = ['import', 'genesys-contacts', '--list', 'l1', '--in', path, '--checkpoint', other];
    const { code, stderr } = await run([...args, '--restart', ...QUICK], genesysEnv(await startSimulator()));
    expect(code).toBe(2);
    expect(stderr).toContain('must be different files');
    expect(await readFile(path, 'utf8')).toBe('{"phone":"1"}\n');
  });

  it.each([
    [['--in', '-'], 'save standard input to a file'],
    [['--in', '/nowhere/a.jsonl'], 'no such file'],
    [['--in', '/dev/null'], 'is not a regular file'],
    [['--in', 'a.jsonl', '--delimiter', ';'], '--delimiter requires the format csv'],
    [['--in', 'a.jsonl.gz'], 'decompress the file first'],
    [[], "required option '--in <file>' not specified"],
  ])('exits with 2: %j', async (args, message) => {
    const env = genesysEnv(await startSimulator());
    const { code, stderr } = await run(
      ['import', 'genesys-contacts', '--list', 'l1', ...args, ...QUICK],
      env,
    );
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
