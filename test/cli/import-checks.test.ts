import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/batch.ts';
import { startSimulator } from '../support/simulated.ts';
import { genesysEnv, run } from './support.ts';

async function inputFile(name: string, lines: readonly string[]): Promise<string> {
  const path = join(await temporaryDirectory(), name);
  await writeFile(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

const contactsFrom = (path: string, ...more: string[]) => [
  'import',
  'genesys-contacts',
  ...['--list', 'l1', '--in', path, '--rate', 'none'],
  ...more,
];
const WITH_ID = ['--id-field', 'id'];

describe('--dry-run', () => {
  it.each<[string, number, string, string[], string[], string[]]>([
    [
      'all would be sent',
      0,
      'a.csv',
      ['id,n', 'a,1', 'b,2'],
      WITH_ID,
      ['dry run: 2 records would be sent in 1 request;'],
    ],
    [
      'a row cannot be read',
      7,
      'a.csv',
      ['id,n', 'a,1', 'b'],
      WITH_ID,
      [
        'warning: line 3 cannot be read: the row has 1 fields, but there are 2 columns\n',
        'dry run: 1 of 2 records would be sent in 1 request; nothing was sent; 1 cannot be read\n',
        'hint: the import would stop at line 3: fix the lines, or add --on-bad-record reject\n',
      ],
    ],
    [
      'a row cannot be read and would be rejected',
      6,
      'a.csv',
      ['id,n', 'a,1', 'b'],
      [...WITH_ID, '--on-bad-record', 'reject'],
      ['warning: line 3 cannot be read'],
    ],
    [
      'the target refuses records',
      6,
      'a.jsonl',
      ['{"id":"a"}', ...Array.from({ length: 25 }, () => '7')],
      WITH_ID,
      [
        'warning: line 2 would be rejected: the record is not a JSON object\n',
        'warning: 5 more records would be rejected\n',
        'dry run: 1 of 26 records would be sent in 1 request; nothing was sent; 25 would be rejected\n',
        'hint: fix the records, or import without --dry-run to reject them\n',
      ],
    ],
    [
      'ids repeat, or records have none',
      0,
      'a.jsonl',
      ['{"id":"a"}', '{"id":"a"}', '{"n":1}'],
      WITH_ID,
      [
        'warning: line 2 repeats an id: the record in line 1 has the same id\n',
        'warning: 1 record without an id; ',
        '; nothing was sent; 1 repeated id\n',
      ],
    ],
    [
      'unresolved records have no id',
      2,
      'a.jsonl',
      ['{"unresolved":{"line":1},"record":{"n":1}}'],
      WITH_ID,
      ['warning: 1 unresolved record without an id; ', 'add --send-again'],
    ],
    [
      'more records would be rejected than --max-rejects allows',
      7,
      'a.jsonl',
      ['{"id":"a"}', '7', '8'],
      ['--max-rejects', '1'],
      ['hint: the import would stop because of --max-rejects: fix the records, or set a higher number\n'],
    ],
    [
      'a row of a rejects file still cannot be read',
      6,
      'a.jsonl',
      ['{"id":"a"}', '{"rejected":{"line":1,"reason":"too short"},"text":"x"}'],
      WITH_ID,
      ['warning: line 2 cannot be read: too short\n'],
    ],
    ['there are no records, and --strict is set', 8, 'a.csv', ['id,n'], ['--strict'], ['has no records']],
    [
      'there are no records',
      0,
      'a.csv',
      ['id,n'],
      [],
      ['has no records: the file is empty, or has only a header'],
    ],
    [
      'no record has the id',
      2,
      'a.csv',
      ['key,n', 'a,1'],
      ['--id-field', 'kee'],
      ['has "kee". Did you mean "key"? The records have "key", "n"'],
    ],
    ['the new name of the id is read', 0, 'a.csv', ['key,n', 'a,1'], [...WITH_ID, '--map', 'key=id'], []],
    ['the file is missing', 2, '', [], [], ['error: cannot read the input']],
    [
      'a renamed column is missing',
      2,
      'a.csv',
      ['id,Phone', 'a,1'],
      ['--map', 'Fone=phone1'],
      [
        'error: mapFields (--map): no record has "Fone" (did you mean "Phone"?); the names in the input are "id", "Phone".',
      ],
    ],
    [
      'the delimiter does not fit',
      2,
      'a.jsonl',
      ['{}'],
      ['--delimiter', ';'],
      ['--delimiter requires the format csv'],
    ],
  ])('sends and writes nothing, and reports if %s', async (_, code, name, lines, flags, texts) => {
    const path = name === '' ? '/missing/a.csv' : await inputFile(name, lines);
    // Without credentials.
    const outcome = await run([...contactsFrom(path, ...flags), '--dry-run'], {});
    for (const text of texts) expect(outcome.stderr).toContain(text);
    expect(outcome).toMatchObject({ code, stdout: '' });
    if (name !== '') expect(await readdir(dirname(path))).toEqual([name]);
  });

  it('reports a last row without a line end, and checks the row with --last-row-complete', async () => {
    const path = await inputFile('a.csv', ['id,n', 'a,1']);
    await appendFile(path, 'b,2');
    const args = contactsFrom(path, ...WITH_ID, '--dry-run');
    const { code, stderr } = await run(args, {});
    expect(stderr).toContain('line 3: the last row was not sent');
    expect(stderr).toContain('dry run: 1 record would be sent');
    expect(stderr).toContain('hint: finish line 3');
    expect(code).toBe(6);
    expect((await run([...args, '--last-row-complete'], {})).code).toBe(0);
  });

  it('works for external contacts, and with --log json', async () => {
    const path = await inputFile('a.jsonl', ['{"lastName":"x"}', '7']);
    const args = ['import', 'genesys-external-contacts', '--in', path, '--dry-run', '--log', 'json'];
    const { code, stderr } = await run(args, {});
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(6);
    expect(events.map(({ event }) => event)).toEqual(['started', 'warning', 'warning', 'complete']);
    expect(events.at(-1)).toMatchObject({
      exitCode: 6,
      records: 2,
      sendable: 1,
      requests: 1,
      refused: { count: 1 },
    });
  });
});

describe('--map', () => {
  it('renames columns before the ids are read', async () => {
    const simulator = await startSimulator();
    const path = await inputFile('a.csv', ['Customer,Phone', 'a,1']);
    const maps = ['--map', 'Customer=id', '--map', 'Phone=phone1'];
    const { code } = await run(contactsFrom(path, ...WITH_ID, ...maps), genesysEnv(simulator));
    expect(code).toBe(0);
    expect(simulator.contacts('l1').get('a')?.data).toEqual({ id: 'a', phone1: '1' });
  });

  it.each([
    [['Phone'], 'Use old=new'],
    [['=phone1'], 'Use old=new'],
    [['Phone='], 'Use old=new'],
    [['Phone=a', '--map', 'Phone=b'], '"Phone" already has a new name'],
    [['Phone=a', '--map', 'id=a'], '"Phone" and "id" have the same new name "a"'],
    [['Phone=id'], 'a record already has "id"'],
    [['Fone=phone1'], 'did you mean "Phone"?'],
  ])('refuses --map %j with exit code 2 before any contact is sent', async (maps, problem) => {
    const simulator = await startSimulator();
    const path = await inputFile('a.csv', ['id,Phone', 'a,1']);
    const { code, stderr } = await run(contactsFrom(path, '--map', ...maps), genesysEnv(simulator));
    expect(stderr).toContain(problem);
    expect(code).toBe(2);
    expect(simulator.counts.contactsReceived).toBe(0);
    expect(await readdir(dirname(path))).toEqual(['a.csv']);
  });
});

describe('--max-rejects', () => {
  const LINES = Array.from({ length: 60 }, (_, n) => (n % 6 === 0 ? '{"n":1}' : `{"lastName":"x${n}"}`));
  const peopleFrom = (path: string, ...more: string[]) => [
    'import',
    'genesys-external-contacts',
    ...['--in', path, '--rate', 'none', '--batch-size', '10'],
    ...more,
  ];

  it.each([
    ['3', /^error: 4 of 20 records were rejected, more than the limit of 3/m],
    ['10%', /^error: 10 of 60 records were rejected, more than the limit of 10%/m],
  ])('%s: stops with exit code 7, and resumes with a higher limit', async (limit, message) => {
    const simulator = await startSimulator();
    const path = await inputFile('a.jsonl', LINES);
    const { code, stderr } = await run(peopleFrom(path, '--max-rejects', limit), genesysEnv(simulator));
    expect(stderr).toMatch(message);
    expect(stderr).toContain('A contact needs a first or a last name.');
    expect(stderr).toContain(`${path}.rejects.jsonl`);
    expect(stderr).toMatch(
      /\nhint: fix the cause and run the same command again, or add --max-rejects none [^\n]*\n$/,
    );
    expect(code).toBe(7);
    const again = await run(peopleFrom(path, '--max-rejects', 'none'), genesysEnv(simulator));
    expect(again.code).toBe(6);
    expect(again.stderr).toContain('complete: 50 records accepted');
    expect(again.stderr).toContain('10 rejected');
    expect((await readFile(`${path}.rejects.jsonl`, 'utf8')).trimEnd().split('\n')).toHaveLength(10);
    expect(simulator.counts.contactsReceived).toBe(50);
  });

  it('stops with the reason if the API refuses every record, and leaves no files', async () => {
    const simulator = await startSimulator();
    const path = await inputFile(
      'a.jsonl',
      Array.from({ length: 60 }, (_, n) => `{"n":${n}}`),
    );
    const { code, stderr } = await run(peopleFrom(path, '--log', 'json'), genesysEnv(simulator));
    const last = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({
      event: 'failed',
      code: 'ERR_TOO_MANY_REJECTS',
      exitCode: 7,
      resumable: false,
    });
    expect(last.message).toContain(
      'the API refuses every record for one reason: A contact needs a first or a last name.',
    );
    expect(code).toBe(7);
    const files = await readdir(dirname(path));
    expect(files.filter((name) => /rejects|unresolved/.test(name))).toEqual([]);
    expect((await run(peopleFrom(path, '--max-rejects', 'none'), genesysEnv(simulator))).code).toBe(6);
  });

  it.each(['-1', 'x', '5 %', '101%', '%', ''])('refuses %j', async (value) => {
    const { code, stderr } = await run(peopleFrom('a.jsonl', `--max-rejects=${value}`), {});
    expect(stderr).toContain('Use a number such as 500, a share such as 5%, or none.');
    expect(code).toBe(2);
  });
});

it('shows accepted, rejected and unresolved records in the progress', async () => {
  const simulator = await startSimulator();
  const path = await inputFile('a.jsonl', ['{"lastName":"x"}', '{"n":1}', '{"lastName":"y"}']);
  const args = ['import', 'genesys-external-contacts', '--in', path, '--rate', 'none', '--batch-size', '1'];
  const { stderr } = await run([...args, '--progress-interval', '0'], genesysEnv(simulator));
  expect(stderr).toMatch(/^1 of \d records, 1 accepted, 1 batch, /m);
  expect(stderr).toMatch(/^3 of 3 records, 2 accepted, 1 rejected, 3 batches, /m);
  const other = await inputFile('b.jsonl', ['{"lastName":"x"}']);
  const json = await run(
    [...args, '--in', other, '--log', 'json', '--progress-interval', '0'],
    genesysEnv(simulator),
  );
  const progress = json.stderr.split('\n').find((line) => line.includes('"event":"progress"')) ?? '{}';
  expect(JSON.parse(progress)).toMatchObject({ accepted: 1, rejected: 0, unresolved: 0 });
});
