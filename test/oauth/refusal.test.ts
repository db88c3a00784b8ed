import axios from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  clientSecretPost,
  createTokenManager,
  oauth2Vendor,
  type TokenManagerOptions,
} from '../../src/index.ts';
import type { OAuth2VendorOptions } from '../../src/vendors/oauth2.ts';
import { type Handler, type SeenRequest, sendJson, startServer } from '../support/server.ts';

/** Starts a token endpoint and creates managers for it. */
async function startEndpoint(handler: Handler) {
  const requests: SeenRequest[] = [];
  const server = await startServer((request, response) => {
    requests.push(request);
    return handler(request, response);
  });
  onTestFinished(() => server.close());
  const manager = (vendor: Partial<OAuth2VendorOptions>, options: Partial<TokenManagerOptions> = {}) =>
    createTokenManager({
      tokenRetryDelay: 1,
      ...options,
      vendor: oauth2Vendor({ tokenEndpoint: `${server.url}/token`, clientId: 'client', ...vendor }),
    });
  const failure = async (vendor: Partial<OAuth2VendorOptions>, options?: Partial<TokenManagerOptions>) =>
    Promise.resolve(manager(vendor, options).getToken()).then(
      () => expect.fail('the token endpoint returned a token'),
      (error) => error,
    );
  return { requests, manager, failure };
}

const formOf = ({ body }: SeenRequest) => new URLSearchParams(body.toString());
const issue: Handler = (_, response) => sendJson(response, 200, { access_token: 'token', expires_in: 3600 });

describe('clientAuthentication', () => {
  it('is called again for each retry', async () => {
    let count = 0;
    const { requests, manager } = await startEndpoint((request, response) =>
      requests.length < 3 ? sendJson(response, 503, {}) : issue(request, response),
    );
    await manager({
      clientAuthentication: async ({ body, headers }) => {
        body.set('client_assertion', `assertion-${++count}`);
        headers['X-Assertion'] = `header-${count}`;
      },
    }).getToken();
    expect(requests.map((request) => formOf(request).get('client_assertion'))).toEqual([
      'assertion-1',
      'assertion-2',
      'assertion-3',
    ]);
    expect(requests.at(-1)?.headers['x-assertion']).toBe('header-3');
  });

  it('sends an authorization header in lower case', async () => {
    const { requests, manager } = await startEndpoint(issue);
    await manager({
      clientAuthentication: ({ headers }) => void Object.assign(headers, { authorization: 'Own x' }),
    }).getToken();
    expect(requests[0]?.headers.authorization).toBe('Own x');
  });

  it.each<[string, (secret: string) => string]>([
    ['plain', (secret) => secret],
    ['percent-encoded', encodeURIComponent],
    ['percent-encoded in lower case', (secret) => encodeURIComponent(secret).toLowerCase()],
    ['in base64', btoa],
  ])('adds nothing that an error shows %s', async (_, encode) => {
    const secrets = ['assertion+of/send', 'header+secret', 'field+secret', 'client+secret', 'query+secret'];
    const { failure } = await startEndpoint((_request, response) =>
      sendJson(response, 401, {
        error: `invalid_client ${encode('assertion+of/send-1')}`,
        error_description: secrets.map((secret) => `<${encode(secret)}>`).join(' '),
      }),
    );
    const error = await failure({
      clientSecret: 'client+secret',
      parameters: { other: 'query+secret' },
      clientAuthentication({ headers, body }) {
        headers['X-Key'] = 'header+secret';
        headers.Authorization = 'Own assertion+of/send';
        body.append('extra', 'field+secret');
        body.append('client_assertion', 'assertion+of/send-1');
      },
    });
    const text = `${error.message} ${JSON.stringify(error)}`;
    expect(error.errorDescription).toBe(secrets.map(() => '<[redacted]>').join(' '));
    for (const secret of secrets) {
      expect(text).not.toContain(encode(secret));
      expect(text).not.toContain(secret);
    }
  });

  it('may replace the headers and the body', async () => {
    const { requests, manager } = await startEndpoint(issue);
    await manager({
      clientAuthentication(request) {
        request.headers = { ...request.headers, 'X-Key': 'key' };
        request.body = new URLSearchParams([...request.body, ['client_assertion', 'assertion']]);
      },
    }).getToken();
    expect(requests[0]?.headers).toMatchObject({ 'x-key': 'key' });
    expect(formOf(requests[0] as SeenRequest).get('client_assertion')).toBe('assertion');
  });

  it('is named if it throws, without the secret', async () => {
    const { requests, failure } = await startEndpoint(issue);
    const error = await failure({
      clientSecret: 'the-secret',
      clientAuthentication() {
        throw new Error('cannot sign with the-secret');
      },
    });
    expect(error).toMatchObject({
      code: 'ERR_CALLBACK',
      message: 'clientAuthentication failed: cannot sign with [redacted]',
    });
    expect(requests).toHaveLength(0);
  });
});

describe('a token request', () => {
  it('carries no header of axios.defaults', async () => {
    const { defaults } = axios;
    const before = { ...defaults.headers };
    onTestFinished(() => void Object.assign(defaults, { headers: before }));
    defaults.headers.common = { ...defaults.headers.common, 'X-Api-Key': 'common' };
    defaults.headers.post = { ...defaults.headers.post, 'X-Post-Key': 'post' };
    const transportFrom = axios.create({ headers: { 'X-Instance': 'yes' } });
    const { requests, manager } = await startEndpoint(issue);
    await manager({}, { transportFrom }).getToken();
    for (const name of ['x-api-key', 'x-post-key', 'x-instance']) {
      expect(requests[0]?.headers).not.toHaveProperty(name);
    }
    expect(requests[0]?.headers.accept).toBe('application/json');
  });

  it('carries the headers of tokenClient except Authorization', async () => {
    const { requests, manager } = await startEndpoint(issue);
    const tokenClient = axios.create({ headers: { 'X-Gateway': 'yes', Authorization: 'Bearer own' } });
    await manager({ clientAuthentication: clientSecretPost }, { tokenClient }).getToken();
    expect(requests[0]?.headers).toMatchObject({ 'x-gateway': 'yes' });
    expect(requests[0]?.headers).not.toHaveProperty('authorization');
  });

  class VaultError extends Error {}
  it.each<[string, unknown, RegExp]>([
    [
      'an error of an own class',
      new VaultError('sealed'),
      /failed with VaultError: sealed\. Check the interceptors/,
    ],
    ['an error with a code', Object.assign(new TypeError('no key'), { code: 'E1' }), /TypeError: no key/],
    [
      'an error with a secret',
      new Error('bad the-secret, http://u:p@host'),
      /Error: bad \[redacted\], http:\/\/host/,
    ],
    ['a text', 'nothing', /string: nothing/],
    ['nothing', undefined, /a non-Error value was thrown/],
  ])('tells what an interceptor of tokenClient threw: %s', async (_, thrown, message) => {
    const { failure } = await startEndpoint(issue);
    const tokenClient = axios.create();
    tokenClient.interceptors.request.use(() => Promise.reject(thrown));
    const error = await failure({ clientSecret: 'the-secret' }, { tokenClient, tokenRetries: 0 });
    expect(error).toMatchObject({ code: 'ERR_TOKEN_REQUEST', message: expect.stringMatching(message) });
    expect(error.message).not.toMatch(/the-secret|u:p/);
  });
});

describe('a refusal', () => {
  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'some_error'])(
    'with the unknown error %s names the error and gives the general advice',
    async (name) => {
      const { failure } = await startEndpoint((_, response) => sendJson(response, 400, { error: name }));
      const error = await failure({});
      expect(error).toMatchObject({ code: 'ERR_TOKEN_ENDPOINT', error: name });
      expect(error.message).toMatch(
        new RegExp(`answered 400, ${name}\\. Check the URL of the token endpoint$`),
      );
    },
  );

  it.each([undefined, 'text/plain', 'text/html; charset=utf-8', 'application/x-www-form-urlencoded'])(
    'in a form with content type %s and status 200 is named',
    async (type) => {
      const { failure } = await startEndpoint((_, response) => {
        if (type) response.setHeader('content-type', type);
        response.end('error=invalid_grant&error_description=gone');
      });
      expect(await failure({ clientSecret: 'secret' })).toMatchObject({
        code: 'ERR_TOKEN_ENDPOINT',
        error: 'invalid_grant',
        errorDescription: 'gone',
      });
    },
  );

  it.each([200, 201, 400, 401])(
    'with status %i is named in the message and in the fields',
    async (status) => {
      const body = { error: 'invalid_client', error_description: 'client is disabled' };
      const { failure } = await startEndpoint((_, response) => sendJson(response, status, body));
      const error = await failure({ clientSecret: 'x' });
      expect(error).toMatchObject({
        name: 'TokenEndpointError',
        code: 'ERR_TOKEN_ENDPOINT',
        status,
        error: 'invalid_client',
        errorDescription: 'client is disabled',
      });
      expect(error.message).toContain(`answered ${status}, invalid_client (client is disabled)`);
      expect(JSON.parse(JSON.stringify(error))).toEqual({ ...error, message: error.message });
    },
  );

  it.each<[string, Partial<OAuth2VendorOptions>, boolean, boolean]>([
    ['a secret that ends in "="', { clientSecret: 'c2VjcmV0+/w==' }, true, true],
    ['a client id with "@"', { clientId: 'me@example.com', clientSecret: 'plain' }, true, true],
    ['plain credentials', { clientSecret: 'plain' }, false, true],
    ['clientSecretPost', { clientSecret: 'a+b', clientAuthentication: clientSecretPost }, false, false],
    ['a public client', {}, false, false],
  ])('of %s hints at other kinds of client authentication', async (_, vendor, unencoded, post) => {
    const { failure } = await startEndpoint((_request, response) =>
      sendJson(response, 401, { error: 'invalid_client' }),
    );
    const { message } = await failure(vendor);
    expect(message.includes('clientSecretBasicUnencoded')).toBe(unencoded);
    expect(message.includes('clientSecretPost')).toBe(post);
  });
});

describe('the scope', () => {
  it('is sent with each refresh if the vendor starts with a refresh token', async () => {
    const { requests, manager } = await startEndpoint((_, response) =>
      sendJson(response, 200, { access_token: 'token', refresh_token: 'next' }),
    );
    const tokens = manager({ refreshToken: 'first', scope: 'read write' });
    await tokens.getToken();
    await tokens.refresh();
    expect(requests.map((request) => Object.fromEntries(formOf(request)))).toMatchObject([
      { refresh_token: 'first', scope: 'read write' },
      { refresh_token: 'next', scope: 'read write' },
    ]);
  });

  it('of a password grant is not sent with a refresh', async () => {
    const { requests, manager } = await startEndpoint((_, response) =>
      sendJson(response, 200, { access_token: 'token', refresh_token: 'next' }),
    );
    const tokens = manager({ username: 'ada', password: 'x', scope: 'read' });
    await tokens.getToken();
    await tokens.refresh();
    expect(requests.map((request) => formOf(request).get('scope'))).toEqual(['read', null]);
  });
});
