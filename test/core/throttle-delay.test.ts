import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { throttleDelay } from '../../src/core/throttle-delay.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const SECONDS = NOW / 1000;
const MESSAGE = 'Rate limit exceeded the maximum. Retry the request in [7] seconds';

describe('throttleDelay', () => {
  it.each<[what: string, headers: object, data: unknown, seconds: number | undefined]>([
    ['nothing', {}, '', undefined],
    ['Retry-After', { 'retry-after': '3' }, '', 3],
    ['Retry-After as a date', { 'retry-after': 'Thu, 01 Jan 2026 12:00:09 GMT' }, '', 9],
    ['Retry-After before other headers', { 'retry-after': '3', 'ratelimit-reset': '50' }, MESSAGE, 3],
    ['inin-ratelimit-reset', { 'inin-ratelimit-reset': '21' }, '', 21],
    ['inin-ratelimit-reset before the message', { 'inin-ratelimit-reset': '21' }, MESSAGE, 21],
    ['RateLimit-Reset', { 'ratelimit-reset': '50' }, '', 50],
    ['RateLimit, structured', { ratelimit: '"default";r=0;t=50' }, '', 50],
    ['RateLimit, structured, with spaces', { ratelimit: '"default"; r=0; t=50' }, '', 50],
    ['RateLimit with two policies', { ratelimit: '"burst";r=5;t=1, "daily";r=0;t=600' }, '', 600],
    ['RateLimit with two used up', { ratelimit: '"burst";r=0;t=1, "daily";r=0;t=600' }, '', 600],
    ['RateLimit, older form', { ratelimit: 'limit=100, remaining=0, reset=50' }, '', 50],
    ['RateLimit, only reset', { ratelimit: 'reset=50' }, '', 50],
    ['RateLimit without a reset', { ratelimit: '"default";r=0' }, '', undefined],
    ['X-RateLimit-Reset in seconds', { 'x-ratelimit-reset': '40' }, '', 40],
    ['X-RateLimit-Reset as epoch seconds', { 'x-ratelimit-reset': `${SECONDS + 30}` }, '', 30],
    ['X-RateLimit-Reset as epoch milliseconds', { 'x-ratelimit-reset': `${NOW + 30_000}` }, '', 30],
    ['X-RateLimit-Reset in the past', { 'x-ratelimit-reset': `${SECONDS - 30}` }, '', 0],
    ['X-RateLimit-Reset as a date', { 'x-ratelimit-reset': '2026-01-01T12:00:30Z' }, '', 30],
    [
      'an invalid header and then a valid one',
      { 'ratelimit-reset': 'soon', 'x-ratelimit-reset': '4' },
      '',
      4,
    ],
    ['a message in JSON', {}, JSON.stringify({ message: MESSAGE }), 7],
    ['a message in parsed JSON', {}, { message: MESSAGE }, 7],
    ['a message in bytes', {}, Buffer.from(JSON.stringify({ message: MESSAGE })), 7],
    ['a message without brackets', {}, { message: 'Please retry the request in 12 seconds.' }, 12],
    ['a text without JSON', {}, 'Retry the request in [1] second', 1],
    ['another message', {}, { message: 'Retry later' }, undefined],
    ['headers with get', new Map([['ratelimit-reset', '5']]), '', 5],
  ])('reads %s', (_, headers, data, seconds) => {
    for (const status of [429, 503]) {
      expect(throttleDelay({ status, headers, data }, NOW)).toBe(seconds && seconds * 1000);
    }
  });

  it.each([200, 400, 500, 502])('reads only Retry-After of a %d', (status) => {
    const headers = { 'ratelimit-reset': '50', 'x-ratelimit-reset': '50', 'inin-ratelimit-reset': '50' };
    expect(throttleDelay({ status, headers, data: MESSAGE }, NOW)).toBeUndefined();
    expect(throttleDelay({ status, headers: { 'retry-after': '2' } }, NOW)).toBe(2000);
  });

  it('reads the reset of a response that the caller knows to be a throttle', () => {
    const headers = { 'inin-ratelimit-reset': '21' };
    expect(throttleDelay({ status: 400, headers }, NOW, true)).toBe(21_000);
  });

  it('returns undefined without a response', () => {
    expect(throttleDelay(undefined, NOW)).toBeUndefined();
  });

  it('returns undefined or a wait of at least 0 for any header and any body', () => {
    const names = [
      'retry-after',
      'inin-ratelimit-reset',
      'ratelimit-reset',
      'ratelimit',
      'x-ratelimit-reset',
    ];
    const value = fc.oneof(fc.anything(), fc.string(), fc.integer().map(String), fc.double().map(String));
    const headers = fc.dictionary(fc.constantFrom(...names), value);
    fc.assert(
      fc.property(headers, fc.anything(), (fields, data) => {
        const delay = throttleDelay({ status: 429, headers: fields, data }, NOW);
        expect(delay === undefined || delay >= 0).toBe(true);
      }),
    );
  });
});
