import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/batch.ts';
import { startRecordApi } from '../support/record-api.ts';
import { startSimulator } from '../support/simulated.ts';
import { cxoneEnv, genesysEnv, run } from './support.ts';

const CSV = 'id,n\na,0\nb/2,1\nc,2\n';
const BATCH = [
  ...['--url', '/bulk', '--batch-size', '2', '--records-at', 'inputs'],
  ...['--results-at', 'results', '--result-id', 'id', '--id-field', 'id'],
];

/** Starts the API and an authorization server, and returns the variables for it. */
async function prepare(text = CSV) {
  const [api, simulator] = [await startRecordApi(), await startSimulator()];
  const path = join(await temporaryDirectory(), 'in.csv');
  await writeFile(path, text);
  const env = {
    OAUTH_TOKEN_ENDPOINT: `${simulator.url}/oauth/token`,
    OAUTH_CLIENT_ID: simulator.clientId,
    OAUTH_CLIENT_SECRET: simulator.clientSecret,
  };
  const command = (...flags: string[]) => ['import', 'pages', '--in', path, '--rate', 'none', ...flags];
  return { api, simulator, path, env, command };
}

describe('import pages', () => {
  it('sends one PUT per record with the token', async () => {
    const { api, env, command } = await prepare();
    const args = command('--base-url', api.url, '--method', 'put', '--url', '/customers/{id}');
    const { code, stdout, stderr } = await run(args, env);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('complete: 3 records accepted in ');
    expect([...api.stored.keys()]).toEqual(['a', 'b/2', 'c']);
    expect(api.requests.every(({ headers }) => headers.authorization?.startsWith('Bearer '))).toBe(true);
    expect((await run(args, env)).stderr).toContain('already complete: 3 records accepted');
    expect(api.requests).toHaveLength(3);
  });

  it('sends batches and reads the results by id', async () => {
    const { api, env, command, path } = await prepare();
    const data = join(path, '../data.json');
    await writeFile(data, '{"source":"crm"}');
    const flags = ['--data', data, '--param', 'dry=no', '--header', 'X-Source=crm', '--idempotent'];
    const { code } = await run(command('--base-url', api.url, ...BATCH, ...flags), env);
    expect(code).toBe(0);
    expect([...api.stored.keys()]).toEqual(['a', 'b/2', 'c']);
    expect(
      api.requests.map(({ url, headers, body }) => [url, headers['x-source'], JSON.parse(body.toString())]),
    ).toEqual([
      [
        '/bulk?dry=no',
        'crm',
        {
          source: 'crm',
          inputs: [
            { id: 'a', n: '0' },
            { id: 'b/2', n: '1' },
          ],
        },
      ],
      ['/bulk?dry=no', 'crm', { source: 'crm', inputs: [{ id: 'c', n: '2' }] }],
    ]);
  });

  it.each([
    ['Genesys Cloud', '/api/v2/externalcontacts/bulk/contacts/add', genesysEnv],
    ['NICE CXone', '/incontactapi/services/v30.0/records', cxoneEnv],
  ])("sends a relative URL with the token to the vendor's API: %s", async (_, url, envOf) => {
    const { simulator, command } = await prepare('firstName\nAda\n');
    await run(command('--url', url, '--records-at', 'entities', '--results-at', 'results'), envOf(simulator));
    const [request] = simulator.requests.filter(({ path }) => path.endsWith(url));
    expect(request?.token).toBeDefined();
  });

  it('refuses an absolute URL of another origin before the first request, because it gets no token', async () => {
    const { api, simulator, env, command } = await prepare();
    const flags = ['--method', 'put', '--url', `${api.url}/customers/{id}`];
    for (const [more, variables, why] of [
      [[], env, 'the base URL of the API is unknown'],
      [['--base-url', simulator.url], env, `the API is ${simulator.url}`],
      [[], genesysEnv(simulator), 'the API is '],
    ] as const) {
      const { code, stderr } = await run(command(...flags, ...more), variables);
      expect(code).toBe(2);
      expect(stderr).toContain('would get the records without a token');
      expect(stderr).toContain(why);
      expect(stderr).toContain(`set --base-url ${api.url} if`);
    }
    expect(api.requests).toHaveLength(0);
    expect((await run(command(...flags, '--base-url', api.url), env)).code).toBe(0);
  });

  it('writes no value of a secret parameter to the checkpoint', async () => {
    const { api, env, command, path } = await prepare();
    const flags = [
      '--base-url',
      api.url,
      ...BATCH,
      '--param',
      'partner=hunter2',
      '--secret-param',
      'partner',
    ];
    expect((await run(command(...flags), env)).code).toBe(0);
    expect(await readFile(`${path}.import.checkpoint`, 'utf8')).not.toContain('hunter2');
  });

  it.each([
    [['--url', '/a', '--batch-size', '5'], '--batch-size above 1 requires --records-at'],
    [
      ['--url', '/{id}', '--batch-size', '5', '--records-at', ''],
      '--url with a placeholder requires --batch-size 1',
    ],
    [['--url', '/a', '--idempotent'], '--idempotent requires --id-field'],
    [['--url', '/a', '--errors-at', 'errors'], '--errors-at requires --error-id'],
    [['--url', '/a', '--records-at', 'a', '--result-id', 'id'], '--result-id requires --id-field'],
    [['--url', '/a', '--header', 'Authorization=Bearer x'], '--header: Authorization can be a secret'],
    [['--url', '/a', '--header', 'X A=1'], '--header: "X A" is not a valid header field'],
    [['--url', '/a', '--header', 'X-A=1\n2'], '--header: "X-A" is not a valid header field'],
    [
      ['--url', '/a', '--id-field', 'id', '--idempotency-header', 'X A'],
      '--idempotency-header: "X A" is not a valid header field',
    ],
    [
      ['--url', '/a', '--id-field', 'id', '--idempotency-header', 'authorization'],
      '--idempotency-header: authorization has another meaning',
    ],
    [
      ['--url', '/a', '--secret-param', 'partner'],
      'no --param, member of --data or parameter of --url is named partner',
    ],
    [['--url', 'https://u:hunter2@a.example/a'], 'the URL contains a user name or a password'],
    [['--url', 'a', '--method', 'delete'], "argument 'delete' is invalid"],
    [[], "required option '--url <url>' not specified"],
  ])('exits with 2: %j', async (flags, message) => {
    const { env, command } = await prepare();
    const { code, stderr } = await run(command(...flags), env);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('hunter2');
  });
});
