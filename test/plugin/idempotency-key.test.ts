import { describe, expect, it } from 'vitest';
import type { AuthRefreshRequestOptions } from '../../src/index.ts';
import { type Fixture, startFixture } from '../support/fixture.ts';
import { type PlannedAnswer, plan } from '../support/plan.ts';

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

const keysOf = ({ apiRequests }: Fixture, header = 'idempotency-key') =>
  apiRequests.map(({ headers }) => headers[header]);

describe.each(['http', 'fetch'])('an idempotency key with the %s adapter', (adapter) => {
  it.each<[string, PlannedAnswer[]]>([
    ['503', [503]],
    ['a broken connection', ['reset']],
    ['401 and 503', [401, 503, 401]],
    ['429', [429]],
  ])('stays the same after %s, and permits the retry of a POST', async (_, answers) => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { adapter });
    plan(fixture, ...answers);
    const { status } = await api.post('/pay', { n: 1 }, { authRefresh: { idempotencyKey: true } });
    expect(status).toBe(200);
    const keys = keysOf(fixture);
    expect(keys).toHaveLength(answers.length + 1);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(UUID);
  });

  it('comes from a function, which is called once for each request', async () => {
    const fixture = await startFixture();
    let calls = 0;
    const { api } = fixture.attach({ idempotencyKeyHeader: 'X-Request-Key' }, { adapter });
    plan(fixture, 503, 401);
    const config = { authRefresh: { idempotencyKey: () => `key-${++calls}` } };
    await api.post('/pay', {}, config);
    await api.post('/pay', {}, config);
    expect(keysOf(fixture, 'x-request-key')).toEqual(['key-1', 'key-1', 'key-1', 'key-2']);
  });
});

describe('an idempotency key', () => {
  it('differs for each request', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { authRefresh: { idempotencyKey: true } });
    await Promise.all(Array.from({ length: 20 }, () => api.post('/pay')));
    expect(new Set(keysOf(fixture)).size).toBe(20);
  });

  it.each(['Idempotency-Key', 'idempotency-KEY'])('of the caller in the header %s is kept', async (name) => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    plan(fixture, 503);
    await api.post('/pay', {}, { headers: { [name]: 'mine' }, authRefresh: { idempotencyKey: true } });
    expect(keysOf(fixture)).toEqual(['mine', 'mine']);
  });

  it('is kept if the caller sends the config of the error again, because the first request may have been executed', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({ retry: { retries: 0 } });
    plan(fixture, 'reset');
    const error = await api.post('/pay', {}, { authRefresh: { idempotencyKey: true } }).catch((e) => e);
    await api.request(error.config);
    const [first, second] = keysOf(fixture);
    expect(second).toBe(first);
  });

  it('is kept by a retry after detach()', async () => {
    const fixture = await startFixture();
    const { api, detach } = fixture.attach({
      retry: { baseDelay: 40 },
      onEvent: ({ type }) => {
        if (type === 'retry') detach();
      },
    });
    plan(fixture, 503, 200);
    await api.post('/pay', {}, { authRefresh: { idempotencyKey: true } });
    const [first, second] = keysOf(fixture);
    expect(first).toMatch(UUID);
    expect(second).toBe(first);
  });

  it('does not permit a retry with idempotent: false', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    plan(fixture, 503);
    const authRefresh = { idempotencyKey: true, idempotent: false } as const;
    await expect(api.post('/pay', {}, { authRefresh })).rejects.toMatchObject({ response: { status: 503 } });
  });

  it('is sent without randomUUID, which pages without https do not have', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    const original = crypto.randomUUID;
    Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true });
    try {
      await api.post('/pay', {}, { authRefresh: { idempotencyKey: true } });
    } finally {
      Object.defineProperty(crypto, 'randomUUID', { value: original, configurable: true });
    }
    expect(keysOf(fixture)[0]).toMatch(UUID);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no key today');
      },
    ],
    ['returns a number', () => 1],
    ['returns a promise', async () => 'key'],
    ['returns an empty string', () => ''],
  ])('rejects with ERR_CALLBACK without a send if the function %s', async (_, make) => {
    const fixture = await startFixture();
    const { api } = fixture.attach();
    const authRefresh = { idempotencyKey: make } as AuthRefreshRequestOptions;
    await expect(api.post('/pay', {}, { authRefresh })).rejects.toMatchObject({
      code: 'ERR_CALLBACK',
      message: expect.stringContaining('authRefresh.idempotencyKey'),
    });
    expect(fixture.apiRequests).toHaveLength(0);
  });
});
