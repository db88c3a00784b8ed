import { spawn, spawnSync } from 'node:child_process';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { installDebian } from './debian.ts';
import type { ClientKey } from './private-key-jwt.ts';

export const CLIENT_SECRET = 'p:a%s/w+o=rd';
export const USER = { username: 'user', password: 'pass word/+%' };

// The server signs its access tokens with it (HS256), so that the API of a test can verify them.
const SIGNING_KEY = 'the key that signs the access tokens of this test';

/** A glewlwyd server of Debian with clients, a user and one-time refresh tokens. */
export interface Glewlwyd {
  tokenEndpoint: string;
  /** Returns whether the server has signed an access token. */
  hasSigned(accessToken: string): boolean;
  close(): Promise<void>;
}

/** Starts a server. A second use of a refresh token disables all refresh tokens of its chain. */
export async function startGlewlwyd(clientKey: ClientKey): Promise<Glewlwyd> {
  installDebian('glewlwyd', 'glewlwyd', 'sqlite3');
  const directory = mkdtempSync(join(tmpdir(), 'glewlwyd-'));
  const database = join(directory, 'database');
  const schema = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3';
  const { status, stderr } = spawnSync('sqlite3', [database, `.read ${schema}`], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`sqlite3 could not create the database: ${stderr}`);

  const origin = `http://127.0.0.1:${await freePort()}`;
  const file = join(directory, 'glewlwyd.conf');
  writeFileSync(file, configuration(origin, database));
  const server = spawn('glewlwyd', [`--config-file=${file}`], { stdio: 'ignore' });
  const exited = once(server, 'exit').then(() => {
    throw new Error(`glewlwyd ended with ${server.exitCode ?? server.signalCode}`);
  });
  exited.catch(() => {});
  await Promise.race([exited, configure(origin, clientKey)]);
  return {
    tokenEndpoint: `${origin}/api/oidc/token`,
    hasSigned(accessToken) {
      const [header, payload, signature = ''] = accessToken.split('.');
      const expected = createHmac('sha256', SIGNING_KEY).update(`${header}.${payload}`).digest();
      const given = Buffer.from(signature, 'base64url');
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
    async close() {
      server.kill('SIGKILL');
      await exited.catch(() => {});
    },
  };
}

function configuration(origin: string, database: string): string {
  const modules = ['user', 'client', 'user_auth_scheme', 'plugin'].map(
    (name) => `${name}_module_path="/usr/lib/glewlwyd/${name.replace('user_auth_', '')}"`,
  );
  return [
    `port=${new URL(origin).port}`,
    'bind_address="127.0.0.1"',
    // The server adds a slash, and compares the audience of assertions with the result.
    `external_url="${origin}"`,
    'login_url="login.html"',
    'api_prefix="api"',
    'cookie_secure=0',
    'log_mode="console"',
    'log_level="ERROR"',
    'session_expiration=3600',
    'session_key="SESSION"',
    'admin_session_authentication="cookie"',
    'profile_session_authentication="cookie"',
    'admin_scope="g_admin"',
    'profile_scope="g_profile"',
    ...modules,
    'use_secure_connection=false',
    // The server requires the names although it uses no TLS.
    'secure_connection_key_file=""',
    'secure_connection_pem_file=""',
    'hash_algorithm="SHA512"',
    `database={ type="sqlite3" path="${database}" };`,
  ].join('\n');
}

/** Creates the OAuth server, its clients and its user with the administration API. */
async function configure(origin: string, { jwk }: ClientKey): Promise<void> {
  const send = (path: string, body: object, headers = {}) =>
    fetch(`${origin}/api${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const login = await untilAnswered(() => send('/auth/', { username: 'admin', password: 'password' }));
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
  async function create(path: string, body: object): Promise<void> {
    const { status } = await send(path, body, { cookie });
    if (status !== 200) throw new Error(`glewlwyd answered ${status} to POST ${path}`);
  }
  const client = {
    confidential: true,
    enabled: true,
    authorization_type: ['client_credentials', 'password', 'refresh_token'],
    scope: ['reports'],
  };
  await create('/scope/', { name: 'reports', display_name: 'Reports', password_required: false });
  await create('/mod/plugin/', {
    module: 'oidc',
    name: 'oidc',
    display_name: 'OAuth 2.0',
    parameters: {
      iss: origin,
      'jwt-type': 'sha',
      'jwt-key-size': '256',
      key: SIGNING_KEY,
      'access-token-duration': 3600,
      'refresh-token-duration': 3600,
      'code-duration': 600,
      'refresh-token-rolling': true,
      'refresh-token-one-use': 'always',
      'allow-non-oidc': true,
      'auth-type-client-enabled': true,
      'auth-type-password-enabled': true,
      'auth-type-refresh-enabled': true,
      'auth-type-code-enabled': true,
      'client-pubkey-parameter': 'pubkey',
      'client-jwks-parameter': 'jwks',
      'request-parameter-allow': true,
    },
  });
  await create('/client/', {
    ...client,
    client_id: 'secret-client',
    name: 'secret-client',
    password: CLIENT_SECRET,
    token_endpoint_auth_method: ['client_secret_basic'],
  });
  await create('/client/', {
    ...client,
    client_id: 'jwt-client',
    name: 'jwt-client',
    jwks: { keys: [jwk] },
    token_endpoint_auth_method: ['private_key_jwt'],
  });
  await create('/user/', { ...USER, name: USER.username, scope: ['reports'], enabled: true });
}

async function untilAnswered(send: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const answer = await send().catch(() => undefined);
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
