import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTokenManager } from '../../src/index.ts';
import { secretFile, vendorFromEnvironment, vendorFromEnvUrl } from '../../src/vendors/environment.ts';
import { oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { temporaryDirectory } from '../support/batch.ts';
import { startFixture } from '../support/fixture.ts';
import { sendJson } from '../support/server.ts';
import { startSimulator } from '../support/simulated.ts';

const credentials = { clientId: 'id', clientSecret: 'secret' };

describe('vendorFromEnvUrl', () => {
  it.each([
    ['https://api.mypurecloud.com', 'Genesys Cloud'],
    ['https://api.usw2.pure.cloud', 'Genesys Cloud'],
    ['https://api-na1.niceincontact.com', 'NICE CXone'],
    ['https://api.nice-incontact.com', 'NICE CXone'],
    ['https://na1.nicecxone.com', 'NICE CXone'],
    // The tutorial matches any part of the URL; here only the end of the host name counts.
    ['https://niceincontact.com.example.com', 'Genesys Cloud'],
    ['https://example.com/nicecxone.com', 'Genesys Cloud'],
    ['https://notnicecxone.com', 'Genesys Cloud'],
  ])('matches %s to %s', (envUrl, name) => {
    expect(vendorFromEnvUrl(envUrl, credentials).name).toBe(name);
  });

  it('reports an invalid URL', () => {
    expect(() => vendorFromEnvUrl('api.mypurecloud.com', credentials)).toThrow(
      'genesysCloud: envUrl: "api.mypurecloud.com" is not a URL.',
    );
  });
});

describe('vendorFromEnvironment', () => {
  it('reads the variables of the tutorial', () => {
    const vendor = vendorFromEnvironment({
      GENESYS_ENV_URL: 'https://api.mypurecloud.de',
      GENESYS_CLIENT_ID: 'id',
      GENESYS_CLIENT_SECRET: 'secret',
      GENESYS_SCOPE: 'analytics:conversation:read',
    });
    expect(vendor.resourceOrigins).toEqual(['https://api.mypurecloud.de']);
    expect(vendor.tokenKey).toContain('analytics:conversation:read');
  });

  it('reads a Genesys Cloud region, and NICE CXone with envUrl or access keys', () => {
    const genesys = {
      GENESYS_CLIENT_ID: 'id',
      GENESYS_CLIENT_SECRET: 'secret',
      GENESYS_REGION: 'eu-central-1',
    };
    expect(vendorFromEnvironment(genesys).resourceOrigins).toEqual(['https://api.mypurecloud.de']);
    const cxone = {
      CXONE_CLIENT_ID: 'id',
      CXONE_CLIENT_SECRET: 'secret',
      CXONE_ENV_URL: 'https://na1.nicecxone.com',
    };
    expect(vendorFromEnvironment(cxone).apiBaseUrl).toBe('https://na1.nicecxone.com');
    const keys = {
      ...cxone,
      CXONE_ENV_URL: '',
      CXONE_ACCESS_KEY_ID: 'a====',
      CXONE_ACCESS_KEY_SECRET: 'b====',
    };
    expect(vendorFromEnvironment(keys).announcesApi).toBe(true);
  });

  it.each([
    [{}, 'no credentials are set'],
    [{ GENESYS_CLIENT_ID: 'a', CXONE_CLIENT_ID: 'b' }, 'both GENESYS_ and CXONE_ variables are set'],
    [
      { GENESYS_CLIENT_ID: 'a' },
      'environment variables: GENESYS_CLIENT_SECRET is missing; GENESYS_REGION or GENESYS_ENV_URL is missing.',
    ],
    [
      { GENESYS_CLIENT_ID: 'a', GENESYS_CLIENT_SECRET: 'b', GENESYS_REGION: 'constructor' },
      'unknown region "constructor"',
    ],
    [
      { GENESYS_CLIENT_ID: 'a', GENESYS_CLIENT_SECRET: 'b', GENESYS_REGION: '__proto__' },
      'unknown region "__proto__"',
    ],
    [
      {
        GENESYS_CLIENT_ID: 'a',
        GENESYS_CLIENT_SECRET: 'b',
        GENESYS_CLIENT_SECRET_FILE: '/run/c',
        GENESYS_REGION: 'eu_central_1',
      },
      'environment variables: GENESYS_CLIENT_SECRET and GENESYS_CLIENT_SECRET_FILE are both set: remove one.',
    ],
    [
      {
        CXONE_CLIENT_ID: 'a',
        CXONE_CLIENT_SECRET: 'b',
        CXONE_ACCESS_KEY_ID: 'c',
        CXONE_ACCESS_KEY_SECRET: 'd',
        CXONE_ACCESS_KEY_SECRET_FILE: '/run/c',
      },
      'CXONE_ACCESS_KEY_SECRET and CXONE_ACCESS_KEY_SECRET_FILE are both set: remove one.',
    ],
    [
      { CXONE_CLIENT_ID: 'a', CXONE_CLIENT_SECRET: 'b' },
      'set either accessKeyId and accessKeySecret, or envUrl',
    ],
  ])('lists every problem of %o', (environment, message) => {
    expect(() => vendorFromEnvironment(environment)).toThrow(message);
  });
});

/** Creates a file with a text in a new directory. */
async function fileWith(text: string): Promise<string> {
  const path = join(await temporaryDirectory(), 'secret');
  await writeFile(path, text);
  return path;
}

describe('a variable for a file with a secret', () => {
  it('replaces the client secret of Genesys Cloud', async () => {
    const simulator = await startSimulator();
    const vendor = vendorFromEnvironment({
      GENESYS_ENV_URL: simulator.url,
      GENESYS_CLIENT_ID: simulator.clientId,
      GENESYS_CLIENT_SECRET: '',
      GENESYS_CLIENT_SECRET_FILE: await fileWith(`${simulator.clientSecret}\n`),
    });
    await createTokenManager({ vendor }).getToken();
    expect(simulator.counts.tokensIssued).toBe(1);
  });

  it('replaces both secrets of NICE CXone', async () => {
    const simulator = await startSimulator();
    const vendor = vendorFromEnvironment({
      CXONE_ISSUER: simulator.url,
      CXONE_CLIENT_ID: simulator.clientId,
      CXONE_CLIENT_SECRET_FILE: await fileWith(`${simulator.clientSecret}\r\n`),
      CXONE_ACCESS_KEY_ID: simulator.accessKeyId,
      CXONE_ACCESS_KEY_SECRET_FILE: await fileWith(simulator.accessKeySecret),
    });
    await createTokenManager({ vendor }).getToken();
    expect(simulator.counts.tokensIssued).toBe(1);
  });

  it('selects the vendor', () => {
    expect(() => vendorFromEnvironment({ CXONE_CLIENT_SECRET_FILE: '/run/secrets/x' })).toThrow(
      'environment variables: CXONE_CLIENT_ID is missing.',
    );
  });

  it('is named in the error if the file cannot be read', async () => {
    const vendor = vendorFromEnvironment({
      GENESYS_REGION: 'eu_central_1',
      GENESYS_CLIENT_ID: 'id',
      GENESYS_CLIENT_SECRET_FILE: '/nowhere/secret',
    });
    await expect(createTokenManager({ vendor }).getToken()).rejects.toMatchObject({
      code: 'ERR_CALLBACK',
      message: expect.stringContaining(
        'GENESYS_CLIENT_SECRET_FILE: the file "/nowhere/secret" cannot be read (ENOENT)',
      ),
    });
  });
});

describe('secretFile', () => {
  it.each([
    ['secret', 'secret'],
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['\ufeffsecret\n\n', 'secret'],
    [' s e\nt \n', ' s e\nt '],
  ])('reads %j as %j', async (text, secret) => {
    expect(await secretFile(await fileWith(text))()).toBe(secret);
  });

  it.each<[string, (path: string) => Promise<unknown>, string]>([
    ['is empty', (path) => writeFile(path, ''), 'is empty'],
    ['contains only a line end', (path) => writeFile(path, '\n'), 'is empty'],
    ['is missing', (path) => rm(path), 'cannot be read (ENOENT)'],
    ['is not a directory', (path) => writeFile(path, 'a'), 'cannot be read (ENOTDIR)'],
  ])('names a file that %s', async (name, change, problem) => {
    const path = await fileWith('hidden');
    await change(path);
    const read = name === 'is not a directory' ? `${path}/secret` : path;
    await expect(secretFile(read)()).rejects.toThrow(
      `secretFile: the file ${JSON.stringify(read)} ${problem}.`,
    );
  });

  it('names a directory', async () => {
    const path = await temporaryDirectory();
    await expect(secretFile(path)()).rejects.toThrow(`${JSON.stringify(path)} cannot be read (EISDIR)`);
  });

  const SERVER_SECRETS = ['first', 'second'];

  it.each([
    ['client secret', 'client_secret', 'invalid_client'],
    ['password', 'password', 'invalid_grant'],
  ])(
    'is read again if the %s is refused, because the file may have been replaced',
    async (_, field, refusal) => {
      const fixture = await startFixture();
      const path = await fileWith('first');
      let expected = 0;
      fixture.onToken = async ({ headers, body }, response) => {
        const basic = Buffer.from(headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
        const fields = new URLSearchParams(body.toString());
        const sent = field === 'client_secret' ? basic.split(':')[1] : fields.get(field);
        if (sent === SERVER_SECRETS[expected]) return fixture.issue(response);
        if (expected === 1) await writeFile(path, 'second\n');
        sendJson(response, 401, { error: refusal });
      };
      const vendor = oauth2Vendor({
        tokenEndpoint: `${fixture.url}/oauth/token`,
        clientId: 'id',
        clientSecret: field === 'client_secret' ? secretFile(path) : 'x',
        ...(field === 'password' && { username: 'ada', password: secretFile(path) }),
      });
      const tokens = createTokenManager({ vendor });
      tokens.reject(await tokens.getToken());
      expected = 1;
      await tokens.getToken();
      expect(fixture.tokenRequests).toHaveLength(3);

      // No third secret is in the file, so the refusal is final.
      expected = 2;
      tokens.reject(tokens.current);
      await expect(tokens.getToken()).rejects.toMatchObject({ code: 'ERR_TOKEN_ENDPOINT', error: refusal });
      expect(fixture.tokenRequests).toHaveLength(4);
    },
  );
});
