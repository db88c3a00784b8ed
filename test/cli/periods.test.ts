import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/batch.ts';
import { startSimulator } from '../support/simulated.ts';
import { cxoneEnv, genesysEnv, run } from './support.ts';

const GENESYS = ['export', 'genesys-conversations'];
const QUERY = [...GENESYS, '--out', 'a.jsonl'];
const DAILY = [...GENESYS, '--since', '2023-10-01', '--out'];
const SIMULATE = ['simulate'];

const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
const today = new Date().toISOString().slice(0, 10);

describe('wrong dates exit with 2 and a sentence that says what to do', () => {
  it.each([
    [
      QUERY,
      'one of --interval, --since and --days is required: --interval 2026-01-01/2026-02-01 exports one file',
    ],
    [
      [...QUERY, '--interval', '2023-10', '--since', '2023-10-01'],
      '--interval and --since cannot be combined: choose one',
    ],
    [
      [...QUERY, '--days', 'yesterday', '--since', '2023-10-01'],
      '--since and --days cannot be combined: choose one',
    ],
    [
      [...QUERY, '--interval', '2023-10-02/2023-10-01'],
      "option '--interval <start/end>' argument '2023-10-02/2023-10-01' is invalid. The end of --interval (2023-10-01) must be after",
    ],
    [[...QUERY, '--interval', 'yesterdy'], 'Did you mean yesterday?'],
    [[...QUERY, '--interval', `2023-10-01/${tomorrow}`], 'is in the future'],
    [
      [...QUERY, '--interval', '2023-10', '--timezone', 'Europe/Berln'],
      "option '--timezone <zone>' argument 'Europe/Berln' is invalid. The time zone must be an IANA name, such as Europe/Berlin, not \"Europe/Berln\". Did you mean Europe/Berlin?",
    ],
    [
      [...QUERY, '--interval', '2023-10-01T00:00Z/2023-10-02T00:00Z', '--timezone', 'Europe/Berlin'],
      '--timezone Europe/Berlin has no effect: 2023-10-01T00:00Z/2023-10-02T00:00Z has its own zones. Remove it',
    ],
    [[...QUERY, '--interval', '2023-10', '--reread', '2'], '--reread requires --since or --days'],
    [[...QUERY, '--days', today], "option '--days <days>' argument"],
    [[...QUERY, '--days', today], 'ends in the future'],
    [
      [...QUERY, '--since', tomorrow],
      `option '--since <date>' argument '${tomorrow}' is invalid. --since (${tomorrow}) is in the future`,
    ],
    [[...QUERY, '--since', 'yesterday'], '--since must be a date, such as 2026-10-01'],
    [
      [...QUERY, '--since', '2023-10-01'],
      `--out: must contain {date}, which stands for the date of each day, such as 'a-{date}.jsonl', not "a.jsonl"`,
    ],
    [[...DAILY, 'x/day.csv.gz'], "such as 'x/day-{date}.csv.gz'"],
    [[...DAILY, '-'], 'or set --interval yesterday for the records of one day'],
    [
      [...DAILY, 'missing-folder/{date}.jsonl'],
      'the folder missing-folder does not exist: create the folder',
    ],
    [
      [...DAILY, 'missing-folder-{date}/a.jsonl'],
      /the folder missing-folder-2023-10-01 and \d+ more do not exist: create the folders/,
    ],
    [
      [...DAILY, 'a-{date}.jsonl', '--checkpoint', 'c'],
      '--checkpoint: cannot be combined with --since: each day has a checkpoint beside its file',
    ],
    [[...DAILY, 'a-{date}.parquet'], 'the ending .parquet of a-{date}.parquet is not a known format'],
    [[...DAILY, 'a-{date}.jsonl', '--parts', '3'], '--parts can be used only with --queue'],
    [
      [...GENESYS, '--interval', '2023-10', '--out', 'a-{date}.jsonl'],
      '--out: {date} requires --since or --days',
    ],
    [[...DAILY, 'a.jsonl', '--queue', 'redis://127.0.0.1:1'], 'must contain {date}'],
    [
      [...DAILY, 'a-{date}.jsonl', '--reread', '1', '--no-merge', '--queue', 'redis://127.0.0.1:1'],
      '--reread cannot be combined with --no-merge',
    ],
    [
      [...DAILY, 'a-{date}.jsonl', '--tutorial-form', '--queue', 'redis://127.0.0.1:1'],
      'this export cannot be split',
    ],
    [
      [...SIMULATE, '--timezone', 'Europe/Berlin'],
      '--timezone Europe/Berlin has no effect: no dates are set. Remove it',
    ],
    [[...SIMULATE, '--interval', 'today'], 'ends in the future'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run(args, {
      GENESYS_REGION: 'eu_central_1',
      GENESYS_CLIENT_ID: 'a',
      GENESYS_CLIENT_SECRET: 'b',
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.replace(/\s+/g, ' ')).toMatch(message);
    expect(existsSync('a.jsonl')).toBe(false);
  });

  it.each(['genesys-conversation-jobs', 'cxone-completed-contacts', 'cxone-data-extraction'])(
    'export %s has the same dates',
    async (command) => {
      const entity = command === 'cxone-data-extraction' ? ['--entity', 'e'] : [];
      const { code, stderr } = await run(['export', command, ...entity, '--out', 'a.jsonl'], {});
      expect(code).toBe(2);
      expect(stderr).toContain('one of --interval, --since and --days is required');
      const { stdout } = await run(['export', command, '--help'], {});
      for (const flag of ['--since', '--days', '--reread', '--timezone']) expect(stdout).toContain(flag);
    },
  );
});

describe('--interval', () => {
  it.each([
    ['2023-10-29', 'Europe/Berlin', '2023-10-28T22:00:00.000Z/2023-10-29T23:00:00.000Z'],
    ['2023-10-29/P1D', 'Europe/Berlin', '2023-10-28T22:00:00.000Z/2023-10-29T23:00:00.000Z'],
    ['2023-10', undefined, '2023-10-01T00:00:00.000Z/2023-11-01T00:00:00.000Z'],
    ['2023-10-01T08:00/PT12H', 'America/New_York', '2023-10-01T12:00:00.000Z/2023-10-02T00:00:00.000Z'],
  ])('%s with --timezone %s is %s', async (text, zone, interval) => {
    const simulator = await startSimulator({ records: 3, interval: '2023-10-01T00:00Z/2023-11-02T00:00Z' });
    const out = join(await temporaryDirectory(), 'a.jsonl');
    const zoned = zone === undefined ? [] : ['--timezone', zone];
    const args = [...GENESYS, '--interval', text, ...zoned, '--out', out];
    expect(await run(args, genesysEnv(simulator))).toMatchObject({ code: 0 });
    expect(JSON.parse(await readFile(`${out}.checkpoint`, 'utf8'))).toMatchObject({
      subject: { query: { interval } },
    });
  });

  it('is sent by a data extraction as it was typed, unless a time zone changes its meaning', async () => {
    const simulator = await startSimulator({ records: 3 });
    const out = join(await temporaryDirectory(), 'a.csv');
    const args = [
      'export',
      'cxone-data-extraction',
      '--entity',
      'contacts',
      '--interval',
      '2023-10-01/2023-10-02',
    ];
    const queryOf = async (file: string, ...more: string[]) => {
      await run([...args, '--out', file, ...more], cxoneEnv(simulator));
      return JSON.parse(await readFile(`${file}.checkpoint`, 'utf8')).subject.query;
    };
    expect(await queryOf(out)).toMatchObject({ startDate: '2023-10-01', endDate: '2023-10-02' });
    const zoned = await queryOf(`${out}.csv`, '--timezone', 'Europe/Berlin');
    expect(zoned).toMatchObject({
      startDate: '2023-09-30T22:00:00.000Z',
      endDate: '2023-10-01T22:00:00.000Z',
    });
  });

  it('is printed with its dates in the resume command if it depends on the current day', async () => {
    const simulator = await startSimulator({ records: 3, faults: { probability: 1 } });
    const out = join(await temporaryDirectory(), 'a.jsonl');
    const args = [...GENESYS, '--interval', 'yesterday', '--timezone=Europe/Berlin', '--out', out];
    const { code, stderr } = await run(
      [...args, '--retries', '0', '--max-outage', '0'],
      genesysEnv(simulator),
    );
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/^resume: .*--interval \d{4}-\d\d-\d\dT\d\d:00:00.000Z\/\S+Z --out /m);
    expect(stderr).not.toMatch(/^resume: .*(yesterday|timezone)/m);
  });

  it('explains that yesterday was another day if the output belongs to that day', async () => {
    const simulator = await startSimulator({ records: 3 });
    const out = join(await temporaryDirectory(), 'a.jsonl');
    expect(
      await run([...GENESYS, '--interval', '2023-10-01', '--out', out], genesysEnv(simulator)),
    ).toMatchObject({ code: 0 });
    const { code, stderr } = await run(
      [...GENESYS, '--interval', 'yesterday', '--out', out],
      genesysEnv(simulator),
    );
    expect(code).toBe(2);
    expect(stderr.replace(/\s+/g, ' ')).toMatch(
      /hint: --interval yesterday means \S+ today, and the output can belong to an earlier day: choose another --out, or export a file for each day with --days yesterday/,
    );
  });
});
