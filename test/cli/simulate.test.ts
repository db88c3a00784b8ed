import axios from 'axios';
import { expect, it } from 'vitest';
import { startServer } from '../support/server.ts';
import { run, start } from './support.ts';

it('runs until Ctrl-C, and prints the variables with which other commands use the simulator', async () => {
  const { child, ended } = start(['simulate', '--records', '7', '--token-lifetime', '90'], {});
  const printed = await new Promise<string>((resolve) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('ACCESS_KEY_SECRET')) resolve(text);
    });
  });
  expect(printed).toMatch(/^# 7 conversations in 2023-10-01\S+ at http:/);
  const env = Object.fromEntries(
    [...printed.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]),
  );
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

it('exits with 2 and one line if the port is in use', async () => {
  const server = await startServer((_, response) => void response.end());
  const { code, stderr } = await run(['simulate', '--port', new URL(server.url).port], {});
  await server.close();
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^error: simulate: port \d+ is in use; choose another --port, or 0 for any free port\.\n$/,
  );
});
