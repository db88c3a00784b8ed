import axios, { type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vendor } from '../../src/index.ts';
import { attachAuthRefresh } from '../../src/plugin/attach.ts';
import { createManualClock } from '../support/manual-clock.ts';

const MINUTE = 60_000;
const HEALTHY = ['/users', '/users/{id}/roles', '/reports'];
const REFUSING = ['/billing', '/invoices/{id}'];

/** A step: revocations of tokens in a row, then groups of concurrent requests, then a pause. */
interface Step {
  revocations: 0 | 1 | 2;
  groups: string[][];
  pause: number;
}

/** An API in memory, with endpoints that accept the valid token and endpoints that refuse every token. */
function startApi() {
  const clock = createManualClock();
  const fetches: number[] = [];
  let valid = '';
  let isNextRevoked = false;
  const sends = new Map<unknown, number>();
  let ids = 0;

  const vendor: Vendor = {
    name: 'Model',
    resourceOrigins: [],
    grant: async () => {
      fetches.push(clock.now());
      const accessToken = `token-${fetches.length}`;
      valid = isNextRevoked ? '' : accessToken;
      isNextRevoked = false;
      return { accessToken, lifetime: 10 * 24 * 60 * MINUTE };
    },
  };
  const api = axios.create({
    baseURL: 'https://api.example.com/v2/',
    adapter: async (config: InternalAxiosRequestConfig) => {
      const request = config.headers.get('x-request');
      sends.set(request, (sends.get(request) ?? 0) + 1);
      const isAccepted = config.headers.get('Authorization') === `Bearer ${valid}`;
      const isHealthy = HEALTHY.includes(String(config.headers.get('x-endpoint')));
      const response = { status: isAccepted && isHealthy ? 200 : 401, headers: {}, data: '', config };
      return response as unknown as AxiosResponse;
    },
  });
  attachAuthRefresh(api, { vendor, clock, retry: false });

  return {
    clock,
    fetches,
    revoke(times: number) {
      if (times > 0) valid = '';
      isNextRevoked = times > 1;
    },
    async request(endpoint: string) {
      const id = `${++ids}`;
      const url = endpoint.replace('{id}', `${1000 + ids}`);
      const headers = { 'x-request': id, 'x-endpoint': endpoint };
      const { status } = await api.get(url, { headers, params: { page: ids } });
      return { status, sends: sends.get(id) ?? 0 };
    },
  };
}

const group = (endpoints: string[]) =>
  fc.array(fc.constantFrom(...endpoints), { minLength: 1, maxLength: 6 });
const plan = (endpoints: string[], revocations: (0 | 1 | 2)[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      revocations: fc.constantFrom(...revocations),
      groups: fc.array(group(endpoints), { maxLength: 5 }),
      pause: fc.oneof(
        fc.constant(0),
        fc.integer({ min: 0, max: 10_000 }),
        fc.integer({ max: 2 * MINUTE, min: 0 }),
      ),
    }),
    { minLength: 1, maxLength: 20, size: 'max' },
  );

describe('endpoints that refuse every token', () => {
  it('cost at most three token fetches a minute each, beside healthy endpoints', async () => {
    await fc.assert(
      fc.asyncProperty(plan([...HEALTHY, ...REFUSING], [0]), async (steps) => {
        const { clock, fetches, request } = startApi();
        for (const { groups, pause } of steps) {
          for (const endpoints of groups) await Promise.all(endpoints.map(request));
          await clock.advance(pause);
        }
        const caused = fetches.slice(1);
        for (const start of caused) {
          const inMinute = caused.filter((time) => time >= start && time < start + MINUTE);
          expect(inMinute.length).toBeLessThanOrEqual(3 * REFUSING.length);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('cause at most three token fetches and then one in five seconds if no endpoint accepts a token', async () => {
    const many = Array.from({ length: 20 }, (_, n) => `/refusing-${'abcdefghijklmnopqrst'[n]}`);
    await fc.assert(
      fc.asyncProperty(plan(many, [0]), async (steps) => {
        const { clock, fetches, request } = startApi();
        for (const { groups, pause } of steps) {
          for (const endpoints of groups) await Promise.all(endpoints.map(request));
          await clock.advance(pause);
        }
        for (const [index, time] of fetches.slice(3).entries()) {
          expect(time - (fetches[index + 2] as number)).toBeGreaterThanOrEqual(5_000);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('do not fail later requests to healthy endpoints after a token was revoked twice in a row', async () => {
    await fc.assert(
      fc.asyncProperty(plan([...HEALTHY, ...REFUSING], [0, 1, 2]), async (steps) => {
        const { clock, revoke, request } = startApi();
        const check = async (endpoint: string) => {
          const { status, sends } = await request(endpoint);
          // A request may fail if the API refused its replay, but never at its first send.
          if (HEALTHY.includes(endpoint) && status !== 200) expect(sends).toBeGreaterThan(1);
          return status;
        };
        for (const endpoint of HEALTHY) expect(await check(endpoint)).toBe(200);
        for (const { revocations, groups, pause } of steps) {
          revoke(revocations);
          for (const endpoints of groups) await Promise.all(endpoints.map(check));
          await check('/reports');
          for (const endpoint of HEALTHY) expect(await check(endpoint)).toBe(200);
          await clock.advance(pause);
        }
      }),
      { numRuns: 150 },
    );
  });
});
