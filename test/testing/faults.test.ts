import { describe, expect, it } from 'vitest';
import type { FaultKind, SimulatorOptions } from '../../src/testing/index.ts';
import { anonymous, client, networkError, postForm, QUERY, start } from './support.ts';

const CLIENT_CREDENTIALS = { grant_type: 'client_credentials' };
const CONTACTS = '/api/v2/outbound/contactlists/l/contacts';

describe('faults', () => {
  it.each([
    ['400', 400, 'bad.request'],
    ['401', 401, 'bad.credentials'],
    ['403', 403, 'missing.any.permissions'],
    ['404', 404, 'not.found'],
    ['408', 408, 'client.timeout'],
    ['429', 429, 'too.many.requests.retry.after'],
    ['500', 500, 'internal.server.error'],
    ['502', 502, 'bad.gateway'],
    ['503', 503, 'service.unavailable'],
    ['504', 504, 'authentication.request.timeout'],
    ['ip.not.authorized', 401, 'ip.not.authorized'],
    ['insufficient_scope', 401, 'bad.credentials'],
  ] as const)("%s: answers %i once, with the vendor's body", async (kind, status, code) => {
    const sim = await start();
    sim.schedule({ kind });
    const api = client(sim);
    const bad = await api.post(QUERY, { interval: sim.interval });
    expect([bad.status, bad.data.code, bad.data.status]).toEqual([status, code, status]);
    expect(bad.headers['inin-correlation-id']).toEqual(expect.any(String));
    expect(bad.headers['retry-after']).toBe(status === 429 ? '1' : undefined);
    expect(bad.headers['www-authenticate']?.includes('insufficient_scope') ?? false).toBe(
      kind === 'insufficient_scope',
    );
    expect((await api.post(QUERY, { interval: sim.interval })).status).toBe(200);
    expect(sim.counts).toMatchObject({
      unauthorized: status === 401 ? 1 : 0,
      forbidden: status === 403 ? 1 : 0,
      rateLimited: status === 429 ? 1 : 0,
      serverErrors: status >= 500 ? 1 : 0,
      apiRequests: 2,
      authorized: 1,
    });
  });

  it('answers the CXone 401 for which a new token does not help', async () => {
    const sim = await start();
    sim.schedule({ kind: 'client-not-authorized' });
    const { status, headers } = await client(sim, 'cxone').get(
      '/incontactapi/services/v27.0/contacts/completed',
    );
    expect([status, headers.icstatusdescription]).toEqual([
      401,
      "Client application 'simulator' not authorized for user",
    ]);
  });

  it('throttles the Genesys token endpoint with 400', async () => {
    const sim = await start({ tokenFaults: { schedule: ['throttle', '429', '503', 'none'] } });
    const responses: unknown[] = [];
    for (let n = 0; n < 4; n++) {
      const { status, data, headers } = await postForm(sim, '/oauth/token', CLIENT_CREDENTIALS);
      responses.push([status, data.error, headers['retry-after']]);
      if (n === 0) expect(data.description).toMatch(/^rate limit exceeded/);
    }
    expect(responses).toEqual([
      [400, 'invalid_request', undefined],
      [429, 'too_many_requests', '1'],
      [503, 'server_error', undefined],
      [200, undefined, undefined],
    ]);
    expect(sim.counts).toMatchObject({ rateLimited: 2, serverErrors: 1, tokenRefusals: 0, tokensIssued: 1 });
  });

  it('sends a custom status, body and headers', async () => {
    const sim = await start();
    sim.schedule(
      { match: '/oauth/token', body: { access_token: null } },
      { match: '/oauth/token', body: '<html>sorry</html>' },
      {
        match: '/oauth/token',
        status: 418,
        body: 'x',
        headers: { 'x-test': '1' },
        retryAfter: 'Wed, 21 Oct 2026 07:28:00 GMT',
      },
    );
    const first = await postForm(sim, '/oauth/token', CLIENT_CREDENTIALS);
    expect([first.status, first.data]).toEqual([200, { access_token: null }]);
    const second = await postForm(sim, '/oauth/token', CLIENT_CREDENTIALS);
    expect([second.data, second.headers['content-type']]).toEqual(['<html>sorry</html>', 'text/html']);
    const third = await postForm(sim, '/oauth/token', CLIENT_CREDENTIALS);
    expect([third.status, third.headers['x-test']]).toEqual([418, '1']);
    expect(third.headers['retry-after']).toBe('Wed, 21 Oct 2026 07:28:00 GMT');
  });

  it('breaks the connection before (reset) or after (lost) it executes the request', async () => {
    const sim = await start();
    const api = client(sim);
    const body = [{ id: 'a', data: {} }];
    sim.schedule({ kind: 'reset' }, { kind: 'lost' }, { kind: '504', execute: true });
    expect(await networkError(api.post(CONTACTS, body))).toBe('ECONNRESET');
    expect(sim.contacts('l').get('a')).toBeUndefined();
    expect(await networkError(api.post(CONTACTS, body))).toBe('ECONNRESET');
    expect(sim.contacts('l').get('a')?.times).toBe(1);
    expect((await api.post(CONTACTS, body)).status).toBe(504);
    expect(sim.contacts('l').get('a')?.times).toBe(2);
    expect(sim.counts).toMatchObject({ resets: 2, abandoned: 0 });
  });

  it('breaks the connection within the body (truncated) or sends half of the JSON (malformed)', async () => {
    const sim = await start();
    const api = client(sim);
    sim.schedule({ kind: 'truncated' }, { kind: 'malformed' });
    expect(await networkError(api.post(QUERY, { interval: sim.interval }))).toMatch(
      /ECONNRESET|ERR_BAD_RESPONSE/,
    );
    const half = await api.post(QUERY, { interval: sim.interval });
    expect([half.status, typeof half.data]).toEqual([200, 'string']);
    expect(half.data.startsWith('{"conversations":[')).toBe(true);
    expect(sim.counts).toMatchObject({ truncated: 1, malformed: 1, recordsServed: 0 });
  });

  it('responds late (slow) or never (hang)', async () => {
    const sim = await start();
    const api = client(sim);
    sim.schedule({ kind: 'slow', delay: 60 }, { kind: 'hang' });
    const startedAt = performance.now();
    expect((await api.post(QUERY, { interval: sim.interval })).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(55);
    expect(await networkError(api.post(QUERY, {}, { timeout: 50 }))).toBe('ECONNABORTED');
    await expect.poll(() => sim.counts.abandoned).toBe(1);
    expect(sim.counts).toMatchObject({ slow: 1, hangs: 1 });
    expect(sim.requests.at(-1)).toMatchObject({ status: 0, fault: 'hang' });
  });

  it('matches requests by path, pattern, function and method, with `after` and `times`', async () => {
    const sim = await start();
    const api = client(sim);
    sim.schedule(
      { match: '/api/v2/analytics', status: 500, method: 'post', after: 1, times: 2 },
      { match: /users$/g, status: 501, times: 2 },
      { match: ({ path, numberOnPath }) => path === '/x' && numberOnPath === 2, status: 502 },
    );
    const statuses = async (path: string, count: number) => {
      const list: number[] = [];
      for (let n = 0; n < count; n++) list.push((await api.post(path, { interval: sim.interval })).status);
      return list;
    };
    expect(await statuses(QUERY, 4)).toEqual([200, 500, 500, 200]);
    expect(await statuses('/no/users', 3)).toEqual([501, 501, 404]);
    expect(await statuses('/x', 3)).toEqual([404, 502, 404]);
  });

  it('calls the schedule function for each request, and answers 500 if it throws', async () => {
    const sim = await start({
      faults: {
        schedule: ({ number, numberOnPath, endpoint, method }) => {
          if (number === 4) throw new Error('from the test');
          return number === numberOnPath && number === 2 && endpoint === 'api' && method === 'POST'
            ? '503'
            : undefined;
        },
      },
    });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++)
      statuses.push((await client(sim).post(QUERY, { interval: sim.interval })).status);
    expect(statuses).toEqual([200, 503, 200, 500, 200]);
  });

  it('repeats random faults for the same seed, with about the requested probability', async () => {
    const kinds: FaultKind[] = ['429', '503', '500'];
    const options: SimulatorOptions = { seed: 5, faults: { probability: 0.25, kinds, retryAfter: 7 } };
    const run = async (seed: number) => {
      const sim = await start({ ...options, seed });
      const api = client(sim);
      const list: number[] = [];
      for (let n = 0; n < 300; n++) {
        const { status, headers } = await api.post(QUERY, {
          interval: sim.interval,
          paging: { pageSize: 1, pageNumber: 1 },
        });
        if (status !== 200) expect(headers['retry-after']).toBe('7');
        list.push(status);
      }
      sim.reset();
      const again = (await api.post(QUERY, { interval: sim.interval })).status;
      expect(again).toBe(list[0]);
      return list;
    };
    const [one, two, other] = [await run(5), await run(5), await run(6)];
    expect(one).toEqual(two);
    expect(one).not.toEqual(other);
    const share = one.filter((status) => status !== 200).length / one.length;
    expect(share).toBeGreaterThan(0.17);
    expect(share).toBeLessThan(0.33);
    expect(new Set(one)).toEqual(new Set([200, 429, 503, 500]));
  });

  it('applies faults of the APIs neither to discovery nor to token endpoints', async () => {
    const sim = await start({ faults: { probability: 1 }, tokenFaults: { schedule: [] } });
    expect((await anonymous(sim).get('/.well-known/openid-configuration')).status).toBe(200);
    expect((await postForm(sim, '/oauth/token', CLIENT_CREDENTIALS)).status).toBe(200);
  });
});
