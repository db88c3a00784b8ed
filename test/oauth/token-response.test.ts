import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import axios from 'axios';
import { describe, expect, it } from 'vitest';
import { isAuthRefreshError, TokenResponseError } from '../../src/core/errors.ts';
import { toTokenSet } from '../../src/core/token-set.ts';
import { parseTokenResponse as parseAt } from '../../src/oauth/token-response.ts';
import { delay, startFixture } from '../support/fixture.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { sendJson } from '../support/server.ts';
import { createShiftedClock } from '../support/shifted-clock.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 1);
const YEAR = 365 * 24 * HOUR;

const parseTokenResponse = (body: unknown) => parseAt(body, NOW);

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('the request succeeded'),
    (error) => error,
  );

describe('a token response without a valid token', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['an empty text', ''],
    ['HTML', '<!doctype html><title>Log in</title>'],
    ['a form', 'access_token=abc&token_type=bearer'],
    ['a number', 1],
    ['true', true],
    ['an array', [{ access_token: 'abc' }]],
    ['an empty object', {}],
    ['an OAuth error', { error: 'invalid_client' }],
    ['access_token null', { access_token: null }],
    ['access_token a number', { access_token: 12345 }],
    ['access_token an object', { access_token: { toString: () => 'abc' } }],
    ['access_token an array', { access_token: ['abc'] }],
    ['access_token empty', { access_token: '' }],
    ['access_token of spaces', { access_token: '  ' }],
    ['access_token with a space', { access_token: 'abc def' }],
    ['access_token with a line feed', { access_token: 'abc\ndef' }],
    ['access_token with a line feed at its end', { access_token: 'abc\n' }],
    ['access_token with CR LF and a header', { access_token: 'abc\r\nX-Evil: 1' }],
    ['access_token with NUL', { access_token: 'abc\0' }],
    ['access_token with a tab', { access_token: 'abc\t' }],
    ['access_token with DEL', { access_token: 'abc\x7f' }],
    ['access_token that is not ASCII', { access_token: 'töken' }],
    ['access_token with a surrogate', { access_token: 'abc\ud800' }],
    ['access_token in another case', { Access_Token: 'abc' }],
    ['token_type MAC', { access_token: 'abc', token_type: 'mac' }],
    ['token_type DPoP', { access_token: 'abc', token_type: 'DPoP' }],
    ['token_type empty', { access_token: 'abc', token_type: '' }],
    ['token_type a number', { access_token: 'abc', token_type: 0 }],
    ['token_type an object', { access_token: 'abc', token_type: {} }],
    ['token_type that cannot be text', { access_token: 'abc', token_type: { toString: 1, valueOf: 1 } }],
  ])('%s: throws a TokenResponseError that quotes nothing of the response', (_, body) => {
    let thrown: unknown;
    try {
      parseTokenResponse(body);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TokenResponseError);
    expect(thrown).toMatchObject({ name: 'TokenResponseError', code: 'ERR_TOKEN_RESPONSE' });
    expect(String(thrown)).toMatch(/^TokenResponseError: the token response (is not|has)/);
    expect(String(thrown)).not.toMatch(/abc|12345|invalid_client|doctype/);
  });

  it('ignores an access_token of the prototype', () => {
    expect(() => parseTokenResponse(JSON.parse('{"__proto__": {"access_token": "abc"}}'))).toThrow(
      TokenResponseError,
    );
  });
});

describe('a token response with a valid token', () => {
  it.each<[string, unknown, number | undefined]>([
    ['3600', 3600, HOUR],
    ['"3600"', '3600', HOUR],
    ['" 3600 "', ' 3600 ', HOUR],
    ['0.5', 0.5, 500],
    ['1', 1, 1000],
    ['missing', undefined, undefined],
    ['null', null, undefined],
    ['0', 0, undefined],
    ['-0', -0, undefined],
    ['"0"', '0', undefined],
    ['negative', -3600, undefined],
    ['negative text', '-3600', undefined],
    ['NaN', Number.NaN, undefined],
    ['"NaN"', 'NaN', undefined],
    ['an empty text', '', undefined],
    ['words', 'an hour', undefined],
    ['a number with its unit', '3600s', undefined],
    ['true', true, undefined],
    ['an array', [3600], undefined],
    ['an object', { seconds: 3600 }, undefined],
    ['a year', YEAR / 1000, YEAR],
    ['1e12', 1e12, YEAR],
    ['"1e12"', '1e12', YEAR],
    ['Number.MAX_VALUE', Number.MAX_VALUE, YEAR],
    ['Infinity, as JSON reads 1e999', JSON.parse('1e999'), YEAR],
  ])(
    'expires_in %s: yields a lifetime of at most a year, or the default lifetime',
    (_, expires_in, lifetime) => {
      const token = parseTokenResponse({ access_token: 'abc', expires_in });
      expect(token).toEqual({ accessToken: 'abc', ...(lifetime !== undefined && { lifetime }) });
      const set = toTokenSet(token, 1000, {
        refreshBuffer: 300_000,
        defaultLifetime: HOUR,
        random: () => 0.5,
      });
      expect(set.expiresAt).toBe(1000 + (lifetime ?? HOUR));
      expect(set.refreshAt).toBeGreaterThan(1000);
      expect(set.refreshAt).toBeLessThan(set.expiresAt);
    },
  );

  it.each<[string, object, number | undefined]>([
    ['seconds', { expires_on: NOW / 1000 + 600 }, 600_000],
    ['seconds as a text', { expires_on: `${NOW / 1000 + 600}` }, 600_000],
    ['fractions of seconds', { expires_on: NOW / 1000 + 0.5 }, 500],
    ['milliseconds', { expires_on: NOW + 600_000 }, 600_000],
    ['milliseconds as a text', { expires_on: `${NOW + 600_000}` }, 600_000],
    ['an ISO 8601 date', { expires_on: '2026-01-01T00:10:00Z' }, 600_000],
    ['a date with microseconds', { expires_on: '2026-01-01T00:10:00.000000Z' }, 600_000],
    ['a date with an offset', { expires_on: '2026-01-01T01:10:00+01:00' }, 600_000],
    ['a date with an offset without a colon', { expires_on: '2026-01-01T01:10:00+0100' }, 600_000],
    ['a date without a zone', { expires_on: '2026-01-01T00:10:00' }, 600_000],
    ['a date with a space', { expires_on: '2026-01-01 00:10:00' }, 600_000],
    ['a day', { expires_on: '2026-01-02' }, 24 * HOUR],
    ['the end of the calendar', { expires_on: '9999-12-31T23:59:59Z' }, YEAR],
    ['the end of the calendar in seconds', { expires_on: 253402300799 }, YEAR],
    ['now', { expires_on: NOW }, undefined],
    ['a time in the past', { expires_on: NOW / 1000 - 1 }, undefined],
    ['a lifetime instead of a time', { expires_on: 3600 }, undefined],
    ['an impossible date', { expires_on: '2026-13-01T00:00:00Z' }, undefined],
    ['words', { expires_on: 'in an hour' }, undefined],
    ['words with a year', { expires_on: 'token 2050' }, undefined],
    ['an empty text', { expires_on: '' }, undefined],
    ['null', { expires_on: null }, undefined],
    ['an array', { expires_on: [NOW] }, undefined],
    ['an object that cannot be text', { expires_on: { toString: 1, valueOf: 1 } }, undefined],
    ['together with expires_in', { expires_in: 60, expires_on: NOW + 600_000 }, 60_000],
    ['with an invalid expires_in', { expires_in: 'soon', expires_on: NOW + 600_000 }, 600_000],
    ['with an expires_in of 0', { expires_in: 0, expires_on: NOW + 600_000 }, 600_000],
    ['invalid, with expires_at', { expires_on: 'soon', expires_at: NOW + 600_000 }, 600_000],
  ])('expires_on and expires_at %s: yields a lifetime', (_, fields, lifetime) => {
    const read = (more: object) => parseTokenResponse({ access_token: 'abc', ...more }).lifetime;
    expect(read(fields)).toBe(lifetime);
    const renamed = Object.entries(fields).map(([name, value]) => [name.replace('_on', '_at'), value]);
    expect(read(Object.fromEntries(renamed))).toBe(lifetime);
  });

  it.each([
    ['absent', undefined],
    ['null', null],
    ['bearer', 'bearer'],
    ['Bearer', 'Bearer'],
    ['BEARER', 'BEARER'],
    ['BearerToken', 'BearerToken'],
    ['bearertoken', 'bearertoken'],
    ['Bearer Token', 'Bearer Token'],
    ['bearer_token', 'bearer_token'],
    ['with spaces around it', ' Bearer '],
  ])('accepts token_type %s as bearer', (_, token_type) => {
    expect(parseTokenResponse({ access_token: 'abc', token_type })).toEqual({ accessToken: 'abc' });
  });

  it('keeps refresh_token and scope only if they are strings', () => {
    const body = { access_token: 'abc', refresh_token: 'again', scope: 'read write', extra: 'ignored' };
    expect(parseTokenResponse(body)).toEqual({
      accessToken: 'abc',
      refreshToken: 'again',
      scope: 'read write',
    });
    for (const odd of [null, 1, {}, [], true]) {
      expect(parseTokenResponse({ access_token: 'abc', refresh_token: odd, scope: odd })).toEqual({
        accessToken: 'abc',
      });
    }
    expect(parseTokenResponse({ access_token: 'abc', refresh_token: '' })).toEqual({ accessToken: 'abc' });
  });

  it('accepts every visible ASCII character in a token', () => {
    const all = Array.from({ length: 0x7e - 0x21 + 1 }, (_, i) => String.fromCharCode(0x21 + i)).join('');
    expect(parseTokenResponse({ access_token: all }).accessToken).toBe(all);
  });
});

describe('when the token endpoint answers', () => {
  const raw = (body: string | Buffer, status = 200, headers: Record<string, string> = {}) => {
    return (response: ServerResponse) => void response.writeHead(status, headers).end(body);
  };
  const json = (body: unknown) => (response: ServerResponse) => sendJson(response, 200, body);

  it.each<[string, (response: ServerResponse) => void]>([
    ['{}', json({})],
    ['an empty body', raw('')],
    ['204', (response) => void response.writeHead(204).end()],
    ['HTML', raw('<html>Please log in</html>', 200, { 'content-type': 'text/html' })],
    ['HTML that claims to be JSON', raw('<html></html>', 200, { 'content-type': 'application/json' })],
    ['JSON that breaks off', raw('{"access_token":"abc"', 200, { 'content-type': 'application/json' })],
    ['null', raw('null')],
    ['access_token null', json({ access_token: null, expires_in: 3600 })],
    ['access_token undefined as text', raw('{"expires_in":3600,"token_type":"bearer"}')],
    ['access_token with control characters', json({ access_token: 'abc\r\nX-Evil: 1' })],
    ['an array', json(['abc'])],
    ['another token_type', json({ access_token: 'abc', token_type: 'mac' })],
    [
      'a token_type that cannot be text',
      json({ access_token: 'abc', token_type: { toString: 1, valueOf: 1 } }),
    ],
  ])(
    '%s: rejects with an AuthRefreshError after one token request and no API request',
    async (_, respond) => {
      const fixture = await startFixture();
      fixture.onToken = (_request, response) => respond(response);
      const { api } = fixture.attach();
      const error = await failureOf(api.get('/data'));
      expect(isAuthRefreshError(error)).toBe(true);
      expect(axios.isAxiosError(error)).toBe(true);
      expect(error).toMatchObject({
        code: 'ERR_TOKEN_RESPONSE',
        cause: { name: 'TokenResponseError', code: 'ERR_TOKEN_RESPONSE' },
      });
      expect(fixture.tokenRequests).toHaveLength(1);
      expect(fixture.apiRequests).toHaveLength(0);
    },
  );

  it('repeats the error of a malformed response for five seconds, then fetches a token again', async () => {
    const fixture = await startFixture();
    fixture.onToken = (_, response) => sendJson(response, 200, {});
    const clock = createShiftedClock();
    const { api } = fixture.attach({ clock });
    for (let i = 0; i < 10; i++) {
      await expect(api.get('/data')).rejects.toMatchObject({ code: 'ERR_TOKEN_RESPONSE' });
    }
    expect(fixture.tokenRequests).toHaveLength(1);
    fixture.onToken = undefined;
    clock.shift(5000);
    expect((await api.get('/data')).status).toBe(200);
  });

  it('attaches the 401 to the error and drops the old token if the response after a 401 is malformed', async () => {
    const fixture = await startFixture();
    const { api, tokens } = fixture.attach();
    await api.get('/first');
    fixture.revokeAll();
    fixture.onToken = (_, response) => sendJson(response, 200, { access_token: null });
    const error = await failureOf(api.get('/data'));
    expect(error).toMatchObject({ code: 'ERR_TOKEN_RESPONSE', status: 401, response: { status: 401 } });
    expect(tokens.current).toBeUndefined();
  });

  it.each<[string, unknown, number]>([
    ['"3600"', '3600', HOUR],
    ['missing', undefined, HOUR],
    ['0', 0, HOUR],
    ['negative', -1, HOUR],
    ['"NaN"', 'NaN', HOUR],
    ['1e12', 1e12, YEAR],
  ])('expires_in %s: uses the token for several requests', async (_, value, lifetime) => {
    const fixture = await startFixture();
    fixture.valid.add('abc');
    fixture.onToken = (_request, response) =>
      sendJson(response, 200, { access_token: 'abc', expires_in: value });
    const clock = createManualClock();
    const { api, tokens } = fixture.attach({ clock });
    for (let i = 0; i < 3; i++) expect((await api.get('/data')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(tokens.current?.expiresAt).toBe(clock.now() + lifetime);
    expect(fixture.apiRequests.every(({ headers }) => headers.authorization === 'Bearer abc')).toBe(true);
  });

  it.each(['text/plain', 'text/html', ''])(
    'accepts a token with content type "%s" and a byte order mark',
    async (type) => {
      const fixture = await startFixture();
      fixture.valid.add('abc');
      fixture.onToken = (_, response) =>
        void response
          .writeHead(200, type ? { 'content-type': type } : {})
          .end('\ufeff{"access_token":"abc"}');
      const { api } = fixture.attach();
      expect((await api.get('/data')).status).toBe(200);
    },
  );

  it.each([
    ['application/x-www-form-urlencoded', 'access_token=abc&scope=user%2Cgist&token_type=bearer'],
    ['application/x-www-form-urlencoded; charset=utf-8', 'token_type=BearerToken&access_token=abc'],
    ['text/plain; charset=UTF-8', 'access_token=abc&expires=5183999'],
    ['text/html', 'scope=a+b&access_token=abc&expires_in=60\n'],
  ])('reads a form with content type "%s": %s', async (type, body) => {
    const fixture = await startFixture();
    fixture.valid.add('abc');
    fixture.onToken = (_, response) => raw(body, 200, { 'content-type': type })(response);
    const { api, tokens } = fixture.attach();
    expect((await api.get('/data')).status).toBe(200);
    const { accessToken, scope } = await tokens.getToken();
    const { scope: stated } = Object.fromEntries(new URLSearchParams(body));
    expect({ accessToken, scope }).toEqual({ accessToken: 'abc', scope: stated });
  });

  it.each([
    ['an HTML page', 'text/html', '<p>access_token=abc</p>'],
    ['an HTML page after a form', 'text/html', 'access_token=abc&<p>'],
    ['a sentence', 'text/plain', 'the access_token=abc is old'],
    ['a form without a content type', '', 'access_token=abc'],
    ['an empty form', 'application/x-www-form-urlencoded', ''],
  ])('takes no token from %s', async (_, type, body) => {
    const fixture = await startFixture();
    fixture.onToken = (_request, response) => raw(body, 200, type ? { 'content-type': type } : {})(response);
    const { api } = fixture.attach();
    await expect(api.get('/data')).rejects.toMatchObject({ code: 'ERR_TOKEN_RESPONSE' });
  });

  it('reads the error of a form', async () => {
    const fixture = await startFixture();
    fixture.onToken = (_, response) =>
      raw('error=bad_verification_code&error_description=The+code+is+expired.', 400, {
        'content-type': 'application/x-www-form-urlencoded',
      })(response);
    const { api } = fixture.attach();
    expect((await failureOf(api.get('/data'))).cause).toMatchObject({
      name: 'TokenEndpointError',
      error: 'bad_verification_code',
      errorDescription: 'The code is expired.',
    });
  });

  it.each(['http', 'fetch'])(
    'stops reading a response of 100 MB early through the %s adapter',
    async (adapter) => {
      const fixture = await startFixture();
      const total = 100_000_000;
      let written = 0;
      const chunk = Buffer.alloc(64 * 1024, 'x');
      let closed = false;
      fixture.onToken = (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).write('{"access_token":"');
        const pump = () => {
          while (written < total && !response.destroyed) {
            written += chunk.length;
            if (!response.write(chunk)) return void response.once('drain', pump);
          }
          response.end('"}');
        };
        response.once('close', () => {
          closed = true;
        });
        pump();
      };
      const { api } = fixture.attach({ tokenClient: axios.create({ adapter, proxy: false }) });
      const error = await failureOf(api.get('/data'));
      expect(error).toMatchObject({
        code: 'ERR_TOKEN_RESPONSE',
        cause: { name: 'TokenResponseError', message: expect.stringContaining('more than 1 MB') },
      });
      // The fetch adapter of axios stops reading, but leaves the connection to the garbage collector.
      if (adapter === 'http') await expect.poll(() => closed).toBe(true);
      else await delay(100);
      // No more than the buffers of the connection hold.
      expect(written).toBeLessThan(20_000_000);
      expect(fixture.tokenRequests).toHaveLength(1);
    },
  );

  it.each(['http', 'fetch'])(
    'rejects 100 MB that are compressed to 100 KB, through the %s adapter',
    async (adapter) => {
      const bomb = gzipSync(Buffer.alloc(100_000_000, 'x'));
      expect(bomb.length).toBeLessThan(200_000);
      const fixture = await startFixture();
      fixture.onToken = (_, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(bomb);
      const { api } = fixture.attach({ tokenClient: axios.create({ adapter, proxy: false }) });
      expect(await failureOf(api.get('/data'))).toMatchObject({
        code: 'ERR_TOKEN_RESPONSE',
        cause: { message: expect.stringContaining('more than 1 MB') },
      });
    },
  );

  it('rejects an error response of 5 MB', async () => {
    const fixture = await startFixture();
    fixture.onToken = (_, response) => void response.writeHead(400).end(Buffer.alloc(5_000_000, 'x'));
    const { api } = fixture.attach();
    expect(await failureOf(api.get('/data'))).toMatchObject({ code: 'ERR_TOKEN_RESPONSE' });
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it.each([301, 302, 307, 308])('does not follow a redirect (%i)', async (status) => {
    const fixture = await startFixture();
    fixture.onToken = (_, response) => void response.writeHead(status, { location: '/oauth/token/2' }).end();
    const { api } = fixture.attach();
    expect(await failureOf(api.get('/data'))).toMatchObject({
      code: 'ERR_TOKEN_ENDPOINT',
      cause: { name: 'TokenEndpointError', status },
    });
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it.each<[string, number, string, Record<string, unknown>]>([
    ['of RFC 6749', 400, '{"error":"invalid_scope","error_description":"no"}', { error: 'invalid_scope' }],
    ['whose error is an object', 400, '{"error":{"code":1}}', {}],
    ['that is HTML', 403, '<html>Forbidden</html>', {}],
    ['that is null', 404, 'null', {}],
    ['that is empty', 401, '', {}],
  ])(
    'a refusal %s: rejects with a TokenEndpointError with the status of the response',
    async (_, status, body, fields) => {
      const fixture = await startFixture();
      fixture.onToken = (_request, response) => void response.writeHead(status).end(body);
      const { api } = fixture.attach();
      const { cause } = await failureOf(api.get('/data'));
      expect(cause).toMatchObject({ name: 'TokenEndpointError', status, ...fields });
      expect(typeof cause.error).toBe(fields.error ? 'string' : 'undefined');
      expect(cause.message).not.toContain('<html>');
    },
  );

  it('truncates a long error description and removes its control characters', async () => {
    const fixture = await startFixture();
    const text = `line\r\n\u001b[31mred ${'y'.repeat(100_000)}`;
    fixture.onToken = (_, response) => sendJson(response, 400, { error: text, error_description: text });
    const { api } = fixture.attach();
    const { cause, message } = await failureOf(api.get('/data'));
    expect(cause.errorDescription.length).toBeLessThanOrEqual(500);
    expect(message.length).toBeLessThan(2000);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: must be absent
    expect(message).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  });
});
