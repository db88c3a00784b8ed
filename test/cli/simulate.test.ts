import axios from 'axios';
import { expect, it } from 'vitest';
import { startServer } from '../support/server.ts';
import { run, start } from './support.ts';

/** Starts the command, and returns what it prints and the variables. */
async function simulate(...flags: string[]) {
  const { child, ended } = start(['simulate', ...flags], {});
  const printed = await new Promise<string>((resolve) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('ACCESS_KEY_SECRET')) resolve(text);
    });
  });
  const env = Object.fromEntries(
    [...printed.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]),
  );
  return { child, ended, printed, env };
}

it('runs until Ctrl-C, and prints the variables with which other commands use the simulator', async () => {
  const { child, ended, printed, env } = await simulate('--records', '7', '--token-lifetime', '90');
  expect(printed).toMatch(/^# 7 conversations in 2023-10-01\S+ at http:/);
  expect(Object.keys(env)).toContain('GENESYS_ENV_URL');

  const { stdout, stderr, code } = await start(['token', '--vendor', 'genesys'], env).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('lifetime    1 min 30 s');

  const api = axios.create({ baseURL: env.GENESYS_ENV_URL ?? '', proxy: false, validateStatus: () => true });
  expect((await api.get('/api/v2/analytics/conversations/details/jobs/availability')).status).toBe(401);

  child.kill('SIGINT');
  const outcome = await ended;
  expect(outcome.code).toBe(0);
  expect(outcome.stderr).toBe('1 API requests, 1 token requests, 1 answered 401, 0 429, 0 5xx\n');
});

it('shows conversations when the clock reaches their start with --now and --speed', async () => {
  const flags = [
    '--now',
    '2026-10-01',
    '--speed',
    '1000000',
    '--records',
    '310',
    '--long',
    '0.5',
    '--late-changes',
    '0.5',
  ];
  const { child, ended, printed, env } = await simulate(...flags);
  expect(printed).toContain('310 conversations in 2026-10-01T00:00:00.000Z/2026-11-01T00:00:00.000Z');
  const api = axios.create({ baseURL: env.GENESYS_ENV_URL ?? '', proxy: false });
  const basic = { username: env.GENESYS_CLIENT_ID ?? '', password: env.GENESYS_CLIENT_SECRET ?? '' };
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  const { data: token } = await api.post('/oauth/token', form, { auth: basic });
  const total = async () => {
    const { data } = await api.post(
      '/api/v2/analytics/conversations/details/query',
      { interval: '2026-10-01T00:00Z/2026-10-08T00:00Z' },
      { headers: { Authorization: `Bearer ${token.access_token}` } },
    );
    return data.totalHits ?? 0;
  };
  await expect.poll(total).toBe(70);
  child.kill('SIGINT');
  expect((await ended).code).toBe(0);
});

it('exits with 2 and one line if the port is in use', async () => {
  const server = await startServer((_, response) => void response.end());
  const { code, stderr } = await run(['simulate', '--port', new URL(server.url).port], {});
  await server.close();
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^error: simulate: port \d+ is in use; choose another --port, or 0 for any free port\.\n$/,
  );
});
