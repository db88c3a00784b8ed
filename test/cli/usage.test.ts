import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { VENDOR_VARIABLES } from '../../src/cli/variables.ts';
import { run } from './support.ts';

const QUEUED = [
  ...['export', 'genesys-conversations', '--interval', '2023-10-01/2023-10-02'],
  ...['--queue', 'redis://127.0.0.1:1'],
];

describe('arguments', () => {
  it('--help lists commands, variables and exit codes', async () => {
    const { code, stdout, stderr } = await run(['--help'], {});
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const word of ['export', 'token', 'simulate', 'GENESYS_CLIENT_SECRET', '130  interrupted']) {
      expect(stdout).toContain(word);
    }
  });

  it.each(['genesys', 'cxone', 'oauth'] as const)('--help lists every variable of %s', async (vendor) => {
    const { stdout } = await run(['--help'], {});
    for (const name of VENDOR_VARIABLES[vendor].names) expect(stdout).toContain(name);
  });

  it.each([
    [
      ['export', 'genesys-conversations'],
      ['--page-size', '100', '--read-ahead', '6', '--parts', '24'],
    ],
    [
      ['export', 'genesys-conversation-jobs'],
      ['--page-size', '1000'],
    ],
    [
      ['export', 'cxone-completed-contacts'],
      ['--api-version', 'v30.0', '--timeout', '120'],
    ],
    [['worker'], ['--takeover', '15', '--checkpoint-interval', '1', '--queue-name', 'exports']],
    [['simulate'], ['--records', '1000', '--seed', '1']],
  ])('%j --help states the default values', async (command, defaults) => {
    const { stdout } = await run([...command, '--help'], {});
    const text = stdout.replace(/\s+/g, ' ');
    for (let index = 0; index < defaults.length; index += 2) {
      expect(text).toMatch(new RegExp(`${defaults[index]} <[^(]*\\(default: ${defaults[index + 1]}\\)`));
    }
  });

  it.each([
    [''],
    ['export'],
    ['export genesys-conversations'],
    ['export genesys-conversation-jobs'],
    ['export cxone-completed-contacts'],
    ['export cxone-data-extraction'],
    ['export pages'],
    ['import'],
    ['import genesys-contacts'],
    ['import genesys-external-contacts'],
    ['import pages'],
    ['worker'],
    ['queue'],
    ['queue list'],
    ['queue show'],
    ['queue cancel'],
    ['queue pause'],
    ['queue resume'],
    ['token'],
    ['simulate'],
  ])('"%s --help" shows two examples, credentials and exit codes in 80 columns', async (command) => {
    const { stdout } = await run([...command.split(' ').filter(Boolean), '--help'], {});
    expect(stdout.match(/^ {2}axios-oauth-refresh /gm)).toHaveLength(2);
    expect(stdout).toMatch(
      command === 'simulate' ? /requires no credentials/ : /^Credentials, [\s\S]*_CLIENT_ID/m,
    );
    expect(stdout).toMatch(/^Exit codes:\n {2}0 {4}/m);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('--version prints the version of the package', async () => {
    expect(await run(['--version'], {})).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
  });

  it('exits with 2 and prints the help to standard error if there is no command', async () => {
    const { code, stdout, stderr } = await run([], {});
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: axios-oauth-refresh');
  });

  it.each([
    [['tokn'], "unknown command 'tokn'"],
    [['token', '--fast'], "unknown option '--fast'"],
    [['token', '--vendor', 'acme'], "'acme' is invalid"],
    [['simulate', '--records', 'many'], 'Use a whole number, 0 or more.'],
    [['simulate', '--fault-rate', '2'], 'Use a number from 0 to 1.'],
    [['simulate', '--page-delay', '-1'], 'Use a number of seconds'],
    [['simulate', '--page-delay', '2147484'], 'Use at most 2147483 seconds'],
    [['simulate', '--port', '99999'], 'port'],
    [['simulate', '--records', '99999999999'], 'records must be a whole number below 2^32'],
    [['simulate', '--interval', '2023-10-02/2023-10-01'], 'must be after'],
    [['simulate', '--now', 'soon'], 'Use a time such as 2026-10-01T03:00Z'],
    [['simulate', '--now', '2026-10-01', '--speed', '0'], 'Use a number above 0'],
    [['simulate', '--speed', '60'], '--speed requires --now'],
    [['simulate', '--late-changes', '0.1', '--late-arrivals', '0.1'], '--late-arrivals requires --now'],
    [['simulate', '--long', '2'], 'Use a number from 0 to 1.'],
    [['worker'], '--queue'],
    [['worker', '--queue', 'redis://127.0.0.1'], 'set GENESYS_CLIENT_ID'],
    [['worker', '--queue', 'http://127.0.0.1'], 'must be a redis:// or rediss:// URL'],
    [['worker', '--queue', 'redis://:hunter2@127.0.0.1'], 'set REDIS_PASSWORD'],
    [['worker', '--queue', 'redis://127.0.0.1/?password=hunter2'], 'set REDIS_PASSWORD'],
    [['worker', '--queue', 'redis+sentinel://u:hunter2@a,b/m'], 'set REDIS_PASSWORD'],
    [['worker', '--queue', 'redis+sentinel://u:hunter2@a'], 'set REDIS_PASSWORD'],
    [['worker', '--queue', 'redis://u:12/hunter2@a'], 'set REDIS_PASSWORD'],
    [['worker', '--queue', 'redis+sentinel://a/m?sentinelPassword=hunter2'], 'REDIS_SENTINEL_PASSWORD'],
    [['worker', '--queue', 'redis+sentinel://a:26379'], 'must end with the name of the master'],
    [['worker', '--queue', 'rediss+sentinel://a:0/m'], 'ports from 1 to 65535'],
    [[...QUEUED, '--out', 'a.jsonl', '--queue', 'redis://:hunter2@127.0.0.1'], 'set REDIS_PASSWORD'],
    [
      [...QUEUED.slice(0, -2), '--out', 'a.jsonl', '--parts', '6', '--no-merge'],
      '--queue: missing; --parts, --no-merge can be used only with --queue',
    ],
    [[...QUEUED, '--out', '日本'], '--name: cannot be derived from 日本'],
    [
      [
        'export',
        'cxone-data-extraction',
        '--entity',
        'a',
        '--interval',
        '2023-10-01/2023-10-02',
        '--out',
        'a',
        '--queue',
        'redis://a',
      ],
      "unknown option '--queue'",
    ],
    [[...QUEUED, '--out', '-'], '--out must be a file in the --directory of the workers'],
    [[...QUEUED, '--out', '/tmp/a.jsonl'], '--out must be relative to the --directory of the workers'],
    [[...QUEUED, '--out', '../a.jsonl'], 'without ..'],
    [[...QUEUED, '--out', 'a.jsonl', '--rate', '5/s'], 'not allowed with --rate'],
    [[...QUEUED, '--out', 'a.jsonl', '--parts', '0'], 'parts must be a whole number above 0'],
    [[...QUEUED, '--out', 'a.jsonl', '--tutorial-form'], 'this export cannot be split'],
    [[...QUEUED, '--out', 'a.parquet'], 'the ending .parquet of a.parquet is not a known format'],
    [
      [...QUEUED, '--out', 'a.json', '--columns', 'a'],
      '--columns requires the format csv or csv.gz, not jsonl',
    ],
    ...(
      [
        ['--columns', 'a'],
        ['--delimiter', 'tab'],
        ['--bom'],
        ['--escape-formulas'],
        ['--allow-empty-columns'],
      ] as const
    ).map((flags): [string[], string] => [
      ['export', 'pages', '--url', '/a', '--items', 'a', '--page-number', '--out', 'a.jsonl', ...flags],
      `${flags[0]} requires the format csv or csv.gz, not jsonl`,
    ]),
    [[...QUEUED, '--out', 'a.csv', '--allow-empty-columns'], '--allow-empty-columns requires --columns'],
    [[...QUEUED, '--out', 'a.csv', '--delimiter', '::'], 'Use one character other than a quote, or tab'],
    [[...QUEUED, '--out', 'a.csv', '--no-merge'], '--no-merge writes JSON Lines'],
    [
      ['export', 'pages', '--url', '/a', '--items', 'a', '--out', 'a', '--queue', 'redis://a'],
      "unknown option '--queue'",
    ],
  ])('exits with 2: %j', async (args, message) => {
    const { code, stdout, stderr } = await run(args, {});
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain('error: ');
    expect(stderr).not.toContain('hunter2');
  });

  const EXPORT = ['export', 'genesys-conversations', '--interval', '2023-10-01/2023-10-02'];
  const IMPORT = ['import', 'genesys-contacts', '--in', 'a.jsonl'];

  it.each([
    [[...EXPORT, '--ouput', 'a.jsonl'], "unknown option '--ouput'; did you mean --out?"],
    [[...EXPORT, '--ouput=a.jsonl'], "unknown option '--ouput'; did you mean --out?"],
    [[...EXPORT, '--outt', 'a', '--rate', 'fast'], "unknown option '--outt'; did you mean --out?"],
    [[...EXPORT, '--col', 'a'], "unknown option '--col'; did you mean --columns?"],
    [['export', 'genesys-conversations', '--intervall', 'x'], 'did you mean --interval?'],
    [['export', 'pages', '--item', 'x'], 'did you mean --items?'],
    [['export', 'cxone-data-extraction', '--entitiy', 'x'], 'did you mean --entity?'],
    [['import', 'genesys-contacts', '--lst', 'x'], 'did you mean --list?'],
    [['worker', '--quue', 'redis://127.0.0.1'], 'did you mean --queue?'],
    [['token', '--vendr', 'genesys'], 'did you mean --vendor?'],
    [['simulate', '--prot', '80'], 'did you mean --port?'],
    [['tokn'], "unknown command 'tokn'; did you mean token?"],
    [['exprot', 'pages'], "unknown command 'exprot'; did you mean export?"],
    [['export', 'genesys-conversation'], 'did you mean genesys-conversations?'],
    [['import', 'contacts'], "unknown command 'contacts'; "],
    [
      [...EXPORT, '--format', 'jsnl'],
      "argument 'jsnl' is invalid; did you mean jsonl? The choices are jsonl,",
    ],
    [['token', '--vendor=genesis'], "argument 'genesis' is invalid; did you mean genesys?"],
    [['simulate', '--vendor', 'cxon'], 'did you mean cxone?'],
    [[...EXPORT, '--log', 'jsn'], 'did you mean json?'],
    [[...IMPORT, '--on-bad-record', 'rejct'], 'did you mean reject?'],
  ])('names the nearest name in the last line: %j', async (args, message) => {
    const { code, stdout, stderr } = await run(args, {});
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: .*\n$/);
    expect(stderr).toContain(message);
  });

  it.each([
    [[...EXPORT, '--out', '-', '--restart'], '--restart: requires a file as output'],
    [[...EXPORT, '--out', '-', '--checkpoint=x'], '--checkpoint: requires a file as output'],
    [[...EXPORT, '--out', '-', '--checkpoint-interval', '5'], '--checkpoint-interval: requires a file'],
    [[...EXPORT, '--out', 'a', '--queue-name', 'x'], '--queue: missing; --queue-name can be used only'],
    [[...EXPORT, '--out', 'a', '--keep-parts'], '--queue: missing; --keep-parts'],
    [[...EXPORT, '--out', 'a', '--name', 'x'], '--queue: missing; --name'],
    [
      [...QUEUED, '--out', 'a', '--keep-parts', '--no-merge'],
      '--keep-parts cannot be combined with --no-merge',
    ],
    [[...QUEUED, '--out', 'a', '--max-outage', '5m'], 'not allowed with --max-outage'],
    [[...QUEUED, '--out', 'a', '--retries', '5'], 'not allowed with --retries'],
    [[...QUEUED, '--out', 'a', '--timeout', '5'], 'not allowed with --timeout'],
    [[...QUEUED, '--out', 'a', '--read-ahead', '5'], 'not allowed with --read-ahead'],
    [[...QUEUED, '--out', 'a', '--checkpoint', 'x'], 'not allowed with --checkpoint'],
    [[...IMPORT, '--list', 'a', '--delimiter', ';'], '--delimiter requires the format csv'],
  ])('refuses a flag that would not be used: %j', async (args, message) => {
    const { code, stderr } = await run(args, {});
    expect(code).toBe(2);
    expect(stderr.trimEnd().split('\n').at(-1)).toContain(message);
  });

  it.each([
    ['90', true],
    ['90s', true],
    ['1.5h', true],
    ['15m', true],
    ['0', true],
    ['15 m', false],
    ['15min', false],
    ['-1', false],
    ['', false],
  ])('--max-outage accepts %j: %s', async (text, isValid) => {
    const { code, stderr } = await run([...EXPORT, '--out', 'a', '--max-outage', text], {});
    expect(code).toBe(2);
    expect(stderr).toContain(isValid ? 'set GENESYS_CLIENT_ID' : 'such as 90s, 15m or 2h');
  });

  it('does not print the value of a parameter without a name', async () => {
    const { code, stderr } = await run(['export', 'pages', '--param', 'hunter2hunter2'], {});
    expect(code).toBe(2);
    expect(stderr).toContain('Use name=value');
    expect(stderr).not.toContain('hunter2');
  });

  it.each([
    '--client-secret=hunter2hunter2',
    '--client_secret=hunter2hunter2',
    '--password=hunter2hunter2',
    '--access-key-secret=hunter2hunter2',
    '--token=hunter2hunter2',
    '--clientsecret=hunter2hunter2',
    '--zzz=hunter2hunter2',
    '--vendr=hunter2hunter2',
  ])('refuses %s without printing its value', async (flag) => {
    const { code, stdout, stderr } = await run(['token', flag], {});
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(flag.split('=')[0]);
    expect(stderr).not.toContain('hunter2');
  });

  it('says where to set credentials if they are passed as arguments', async () => {
    const { stderr } = await run(['token', '--client-secret', 'hunter2hunter2'], {});
    expect(stderr).toContain('--env');
    expect(stderr).not.toContain('hunter2');
  });
});
