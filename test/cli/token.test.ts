import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/batch.ts';
import { startServer } from '../support/server.ts';
import { startSimulator } from '../support/simulated.ts';
import { cxoneEnv, genesysEnv, run } from './support.ts';

describe('token', () => {
  it('prints the properties of the token, but not the token or the secret', async () => {
    const simulator = await startSimulator({ tokenLifetime: 7200 });
    const { code, stdout, stderr } = await run(['token'], genesysEnv(simulator));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('vendor      Genesys Cloud\n');
    expect(stdout).toContain(`token from  ${simulator.url}/oauth/token\n`);
    expect(stdout).toContain('lifetime    2 h 00 min\n');
    expect(stdout).toMatch(/^expires {5}20\d\d-\d\d-\d\dT/m);
    expect(stdout).toContain(`API         ${simulator.url}\n`);
    expect(stdout).not.toContain(simulator.clientSecret);
    expect(stdout).not.toContain(simulator.issueToken().slice(0, 12));
  });

  it('prints the issuer and the API of NICE CXone', async () => {
    const simulator = await startSimulator();
    const { code, stdout } = await run(['token'], cxoneEnv(simulator));
    expect(code).toBe(0);
    expect(stdout).toContain('vendor      NICE CXone\n');
    expect(stdout).toContain(`token from  ${simulator.url}\n`);
    expect(stdout).toContain('API  ');
  });

  it('prints the scopes of any OAuth server', async () => {
    const bodies: string[] = [];
    const server = await startServer((request, response) => {
      bodies.push(request.body.toString());
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"access_token":"an-access-token","expires_in":90,"scope":"a:read b:read"}');
    });
    const { code, stdout } = await run(['token'], {
      OAUTH_TOKEN_ENDPOINT: `${server.url}/token`,
      OAUTH_CLIENT_ID: 'client',
      OAUTH_CLIENT_SECRET: 'the-secret',
      OAUTH_AUDIENCE: 'reports',
      OAUTH_CLIENT_AUTHENTICATION: 'post',
    });
    await server.close();
    expect(code).toBe(0);
    expect(stdout).toContain('scopes      a:read b:read\n');
    expect(stdout).not.toMatch(/an-access-token|the-secret/);
    expect(Object.fromEntries(new URLSearchParams(bodies[0]))).toEqual({
      grant_type: 'client_credentials',
      audience: 'reports',
      client_id: 'client',
      client_secret: 'the-secret',
    });
  });

  it.each([
    ['basic', 'Basic', 'a%2B%2F%25b'],
    ['basic-unencoded', 'Basic', 'a+/%b'],
    ['post', undefined, undefined],
  ])('authenticates with OAUTH_CLIENT_AUTHENTICATION=%s', async (authentication, scheme, sent) => {
    let authorization: string[] | undefined;
    const server = await startServer(({ headers }, response) => {
      authorization = headers.authorization?.split(' ');
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"access_token":"abc"}');
    });
    const { code } = await run(['token'], {
      OAUTH_TOKEN_ENDPOINT: `${server.url}/token`,
      OAUTH_CLIENT_ID: 'client',
      OAUTH_CLIENT_SECRET: 'a+/%b',
      OAUTH_CLIENT_AUTHENTICATION: authentication,
    });
    await server.close();
    expect(code).toBe(0);
    const credentials = authorization && Buffer.from(authorization[1] ?? '', 'base64').toString();
    expect([authorization?.[0], credentials?.split(':')[1]]).toEqual([scheme, sent]);
  });

  it.each(['Basic', 'none', 'constructor', '__proto__'])(
    'refuses OAUTH_CLIENT_AUTHENTICATION=%s and lists the values',
    async (authentication) => {
      const { code, stderr } = await run(['token'], {
        OAUTH_TOKEN_ENDPOINT: 'https://login.example.com/token',
        OAUTH_CLIENT_ID: 'client',
        OAUTH_CLIENT_SECRET: 'secret',
        OAUTH_CLIENT_AUTHENTICATION: authentication,
      });
      expect(code).toBe(2);
      expect(stderr).toContain(
        `OAUTH_CLIENT_AUTHENTICATION must be basic or post or basic-unencoded, not "${authentication}"`,
      );
    },
  );

  it('reads the secret of any OAuth server from a file', async () => {
    const path = join(await temporaryDirectory(), 'secret');
    await writeFile(path, 'the-secret\n');
    let authorization: string | undefined;
    const server = await startServer(({ headers }, response) => {
      ({ authorization } = headers);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"access_token":"abc"}');
    });
    const env = {
      OAUTH_TOKEN_ENDPOINT: `${server.url}/token`,
      OAUTH_CLIENT_ID: 'client',
      OAUTH_CLIENT_SECRET_FILE: path,
    };
    expect((await run(['token'], env)).code).toBe(0);
    await server.close();
    expect(authorization).toBe(`Basic ${Buffer.from('client:the-secret').toString('base64')}`);
    const both = await run(['token'], { ...env, OAUTH_CLIENT_SECRET: 'x' });
    expect(both.code).toBe(2);
    expect(both.stderr).toContain('OAUTH_CLIENT_SECRET and OAUTH_CLIENT_SECRET_FILE are both set');
  });

  it('exits with 2 if the file with a secret cannot be read', async () => {
    const { GENESYS_CLIENT_SECRET: _, ...env } = genesysEnv(await startSimulator());
    const file = { GENESYS_CLIENT_SECRET_FILE: '/nowhere/secret' };
    const { code, stderr } = await run(['token'], { ...env, ...file });
    expect(code).toBe(2);
    expect(stderr).toContain(
      'GENESYS_CLIENT_SECRET_FILE: the file "/nowhere/secret" cannot be read (ENOENT)',
    );
  });

  it('exits with 2 for a region with the name of a member of every object', async () => {
    const env = { GENESYS_CLIENT_ID: 'a', GENESYS_CLIENT_SECRET: 'b', GENESYS_REGION: 'constructor' };
    const { code, stderr } = await run(['token'], env);
    expect(code).toBe(2);
    expect(stderr).toContain('unknown region "constructor"; the regions are us_east_1');
  });

  it('exits with 3 for a wrong secret, which it does not print', async () => {
    const env = { ...genesysEnv(await startSimulator()), GENESYS_CLIENT_SECRET: 'wrong-secret-1234' };
    const { code, stdout, stderr } = await run(['token'], env);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^error: .*invalid_client.*Check the client id and secret.*\n/);
    expect(stderr).not.toContain('wrong-secret-1234');
  });

  it('exits with 6 when the token endpoint cannot be reached', async () => {
    const simulator = await startSimulator();
    await simulator.close();
    const { code, stderr } = await run(['token'], genesysEnv(simulator));
    expect(code).toBe(6);
    expect(stderr).toContain('could not be reached (ECONNREFUSED)');
  });

  it('exits with 5 when the token endpoint throttles', async () => {
    const simulator = await startSimulator({
      tokenFaults: { schedule: () => ({ kind: '429', retryAfter: 3600 }) },
    });
    const { code, stderr } = await run(['token'], genesysEnv(simulator));
    expect(code).toBe(5);
    expect(stderr).toContain('throttles this client');
  });

  it('names the missing variables', async () => {
    const { code, stderr } = await run(['token'], { GENESYS_REGION: 'eu_central_1' });
    expect(code).toBe(2);
    expect(stderr).toContain('GENESYS_CLIENT_ID is missing; GENESYS_CLIENT_SECRET is missing');
    const none = await run(['token'], {});
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('set GENESYS_CLIENT_ID');
    expect(none.stderr).toContain('--env');
  });

  it.each([
    [{ GENESYS_CLIENT_ID: 'a', GENESYS_CLIENT_SECRT: 'hunter2' }, 'rename GENESYS_CLIENT_SECRT, which'],
    [{ GENESY_CLIENT_ID: 'a' }, 'to GENESYS_CLIENT_ID'],
    [{ CXONE_CLIENTID: 'a' }, 'to CXONE_CLIENT_ID'],
    [{ OAUTH_TOKEN_ENDPONT: 'https://login.example.com', OAUTH_CLIENT_ID: 'a' }, 'to OAUTH_TOKEN_ENDPOINT'],
  ])('names the variable that is nearest to a misspelt variable: %j', async (env, message) => {
    const { code, stderr } = await run(['token'], env);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('hunter2');
    expect(stderr).not.toContain('CALLBACK_URL, which');
  });

  it('prints no control characters of the server', async () => {
    const scope = 'read\u001b[2J\r\nAPI         https://forged.example\u009b2J\u202e';
    const server = await startServer((_, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ access_token: 'abc', expires_in: 90, scope }));
    });
    const { stdout } = await run(['token'], {
      OAUTH_TOKEN_ENDPOINT: `${server.url}/token`,
      OAUTH_CLIENT_ID: 'client',
      OAUTH_CLIENT_SECRET: 'the-secret',
    });
    await server.close();
    expect(stdout).toContain('scopes      read [2J API         https://forged.example 2J \n');
    expect(stdout).not.toMatch(/^API /m);
  });

  it('ignores a variable that only shares a prefix with the variables of a vendor', async () => {
    const simulator = await startSimulator();
    const env = { ...genesysEnv(simulator), OAUTH_CALLBACK_URL: 'https://app.example.com/callback' };
    expect((await run(['token'], env)).code).toBe(0);
  });

  it('requires --vendor if credentials of several vendors are set', async () => {
    const simulator = await startSimulator();
    const env = { ...genesysEnv(simulator), ...cxoneEnv(simulator) };
    const { code, stderr } = await run(['token'], env);
    expect(code).toBe(2);
    expect(stderr).toContain('choose with --vendor genesys or --vendor cxone');
    const chosen = await run(['token', '--vendor', 'cxone'], env);
    expect(chosen.code).toBe(0);
    expect(chosen.stdout).toContain('NICE CXone');
  });
});

describe('--env', () => {
  it('reads the file, and warns if the environment overrides a variable', async () => {
    const simulator = await startSimulator();
    const file = join(await temporaryDirectory(), 'genesys.env');
    const { GENESYS_ENV_URL, ...credentials } = genesysEnv(simulator);
    const lines = Object.entries(credentials).map(([name, value]) => `export ${name}="${value}" # comment`);
    await writeFile(file, ['GENESYS_ENV_URL=http://127.0.0.1:1', ...lines].join('\n'), { mode: 0o600 });
    const { code, stdout, stderr } = await run(['token', '--env', file], {
      GENESYS_ENV_URL: simulator.url,
    });
    expect(code).toBe(0);
    expect(stdout).toContain(simulator.url);
    expect(stderr).toBe(
      `warning: GENESYS_ENV_URL has different values in the environment and in ${file}; the environment takes precedence\n`,
    );
  });

  it('warns if other users can read the file', async () => {
    const file = join(await temporaryDirectory(), 'genesys.env');
    await writeFile(
      file,
      Object.entries(genesysEnv(await startSimulator()))
        .map((pair) => pair.join('='))
        .join('\n'),
    );
    await chmod(file, 0o640);
    const { code, stderr } = await run(['token', '--env', file], {});
    expect(code).toBe(0);
    expect(stderr).toBe(
      `warning: other users can read ${file}, which contains secrets; run: chmod 600 ${file}\n`,
    );
  });

  it('exits with 2 if the file does not exist', async () => {
    const { code, stderr } = await run(['token', '--env', '/nowhere/x.env'], {});
    expect(code).toBe(2);
    expect(stderr).toBe('error: --env: /nowhere/x.env cannot be read (ENOENT).\n');
  });
});
