import axios, { AxiosError, AxiosHeaders } from 'axios';
import { describe, expect, it } from 'vitest';
import type { BatchError } from '../../src/batch/errors.ts';
import { toBatchError } from '../../src/batch/to-batch-error.ts';
import { startServer } from '../support/server.ts';

const CONFIG = { url: '/x?key=secret', baseURL: 'https://api.example.com', headers: new AxiosHeaders() };

function answered(status: number, headers: Record<string, string> = {}, more: object = {}) {
  const response = {
    status,
    statusText: '',
    data: { message: 'no' },
    headers: new AxiosHeaders(headers),
    config: CONFIG,
  };
  const error = new AxiosError(`Request failed with status code ${status}`, 'ERR_BAD', CONFIG, {}, response);
  return Object.assign(error, more);
}

const unanswered = (code: string, message: string) => new AxiosError(message, code, CONFIG, {});

describe('the message of a failed request', () => {
  it.each<[what: string, error: AxiosError, hasCursor: boolean, message: RegExp]>([
    [
      '500 without a retry',
      answered(500),
      false,
      /^GET \/x returned 500 "no": the API is failing\. Try again later\.$/,
    ],
    ['one retry', answered(503, {}, { attempts: 2, replays: 0 }), false, /returned 503 "no" after 1 retry: /],
    ['retries and a replay', answered(503, {}, { attempts: 5, replays: 1 }), false, /after 3 retries: /],
    ['429', answered(429), false, /returned 429 "no": rate limit exceeded\. Set a lower rate/],
    ['401 without a replay', answered(401), false, /: authentication failed\. Check/],
    [
      '401 after a replay',
      answered(401, {}, { attempts: 2, replays: 1 }),
      false,
      /401 "no": .* also with a new token/,
    ],
    [
      'insufficient_scope',
      answered(401, { 'www-authenticate': 'Bearer error="insufficient_scope", scope="a"' }),
      false,
      /401 "no": the token lacks a scope \(insufficient_scope\)/,
    ],
    [
      'a Genesys correlation id',
      answered(400, { 'inin-correlation-id': 'a-1' }),
      false,
      /"no" \(correlation id a-1\)\.$/,
    ],
    [
      'X-Request-Id',
      answered(500, { 'x-request-id': 'b\u001b[2J2' }),
      false,
      /\(correlation id b ?\[2J2\): /,
    ],
    ['400 of a first request', answered(400), false, /^GET \/x returned 400 "no"\.$/],
    ['400 of a cursor', answered(400), true, /set restart \(--restart\) to start over\.$/],
    ['404 of a cursor', answered(404), true, /set restart \(--restart\) to start over\.$/],
    ['410 of a cursor', answered(410), true, /set restart \(--restart\) to start over\.$/],
    ['500 of a cursor', answered(500), true, /Try again later\.$/],
    [
      'a refused connection',
      unanswered('ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:443'),
      false,
      /^GET \/x failed: could not connect to api\.example\.com:443 \(ECONNREFUSED\)\./,
    ],
    [
      'several attempts to connect',
      unanswered('ECONNREFUSED', ''),
      false,
      /could not connect to api\.example\.com:443/,
    ],
    [
      'an unknown host',
      unanswered('ENOTFOUND', 'getaddrinfo ENOTFOUND'),
      false,
      /api\.example\.com does not resolve \(ENOTFOUND\)/,
    ],
    [
      'a certificate',
      unanswered('CERT_HAS_EXPIRED', 'certificate has expired'),
      false,
      /no secure connection to api/,
    ],
    [
      'a timeout',
      unanswered('ECONNABORTED', 'timeout of 120000ms exceeded'),
      false,
      /no response within 2 min 00 s \(timeout\)/,
    ],
    [
      'a closed connection',
      unanswered('ECONNRESET', 'socket hang up'),
      false,
      /the connection to api\.example\.com:443 was closed/,
    ],
  ])('tells of %s', (_, error, hasCursor, expected) => {
    const { message } = toBatchError(error, hasCursor);
    expect(message).toMatch(expected);
    expect(message).not.toContain('secret');
  });

  it('names the host and the port of a real refused connection', async () => {
    const server = await startServer(() => {});
    await server.close();
    const error = toBatchError(
      await axios.get(server.url, { proxy: false }).catch((thrown: unknown) => thrown),
    );
    expect(error.message).toContain(
      `could not connect to ${server.url.slice('http://'.length)} (ECONNREFUSED)`,
    );
  });
});

it.each([
  [400, true],
  [404, true],
  [410, true],
  [422, true],
  [401, false],
  [403, false],
  [408, false],
  [409, false],
  [423, false],
  [425, false],
  [429, false],
  [500, false],
  [503, false],
])('a failure with %d is permanent: %s', (status, permanent) => {
  expect((toBatchError(answered(status)) as BatchError).permanent).toBe(permanent);
});
