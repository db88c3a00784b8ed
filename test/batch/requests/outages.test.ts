import axios, { AxiosError, AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchError } from '../../../src/batch/errors.ts';
import { sendOnce } from '../../../src/batch/import/send.ts';
import type { Waiting } from '../../../src/batch/progress.ts';
import { createRequests } from '../../../src/batch/requests.ts';
import { TokenRequestError } from '../../../src/core/errors.ts';
import { AuthRefreshError } from '../../../src/core/index.ts';
import { createManualClock } from '../../support/manual-clock.ts';

/** The sign-in page of a network, which answers in place of the API. */
const PORTAL = { status: 200, headers: {}, data: '\n<!doctype html><title>Sign in</title>' };

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** The outcome of one send: a status with headers, an error code of the network, or a failure of the token endpoint. */
type Outcome = number | string | { status: number; headers: Record<string, string>; data?: string };

function respond(config: InternalAxiosRequestConfig, outcome: Outcome) {
  if (typeof outcome === 'string' && outcome.startsWith('ERR_TOKEN')) {
    const cause = new TokenRequestError('https://login.example.com answered 503', {
      code: 'ERR_TOKEN_REQUEST',
    });
    throw new AuthRefreshError('No valid token', outcome as 'ERR_TOKEN_REQUEST', config, undefined, cause);
  }
  if (typeof outcome === 'string') throw new AxiosError(`connect ${outcome}`, outcome, config, {});
  const {
    status,
    headers,
    data = {},
  } = typeof outcome === 'number' ? { status: outcome, headers: {}, data: {} } : outcome;
  const response = { status, statusText: '', data, headers: new AxiosHeaders(headers), config };
  if (status < 300) return response;
  throw new AxiosError(`Request failed with status code ${status}`, 'ERR_BAD_RESPONSE', config, {}, response);
}

/** Creates requests whose outcomes `answer` decides, given the time since the start and the number of the send. */
function setUp(answer: (time: number, send: number) => Outcome, maxOutage = 15 * MINUTE) {
  const clock = createManualClock();
  const began = clock.now();
  const sends: number[] = [];
  const waits: (Waiting | undefined)[] = [];
  const abort = new AbortController();
  const api = axios.create({
    baseURL: 'https://api.example.com',
    adapter: async (config) => {
      sends.push(clock.now() - began);
      return respond(config, answer(clock.now() - began, sends.length));
    },
  });
  const requests = createRequests({
    api,
    rate: undefined,
    timeout: 5000,
    maxOutage,
    signal: abort.signal,
    clock,
    random: () => 1,
    onWaiting: (waiting) => waits.push(waiting),
  });
  /** Advances the clock until the work ends. */
  async function drive<T>(work: Promise<T>): Promise<T | BatchError> {
    let isOver = false;
    const outcome = work
      .catch((error: BatchError) => error)
      .finally(() => {
        isOver = true;
      });
    await clock.advance(0);
    while (!isOver) await clock.advance(SECOND);
    return outcome;
  }
  return { api, clock, began, sends, waits, abort, requests, drive };
}

describe('an outage after the first answer', () => {
  it.each<[Outcome]>([
    [500],
    [502],
    [503],
    [429],
    [408],
    ['ECONNREFUSED'],
    ['ECONNRESET'],
    ['ENOTFOUND'],
    ['EAI_AGAIN'],
    ['ECONNABORTED'],
    ['ERR_NETWORK'],
    ['HPE_INVALID_CONSTANT'],
    ['Z_DATA_ERROR'],
    ['ERR_TLS_CERT_ALTNAME_INVALID'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT'],
    [PORTAL],
    ['ERR_TOKEN_REQUEST'],
    ['ERR_TOKEN_TIMEOUT'],
    ['ERR_TOKEN_THROTTLED'],
  ])('of %j is waited for with growing waits', async (outcome) => {
    const { requests, drive, sends } = setUp((time, send) => (send > 1 && time < 2 * MINUTE ? outcome : 200));
    await drive(requests.send({ url: '/1' }));
    expect(await drive(requests.send({ url: '/2', responseType: 'json' }))).toMatchObject({
      status: 200,
      data: {},
    });
    expect(sends).toEqual([0, 0, 1, 3, 7, 15, 31, 63, 123].map((seconds) => seconds * SECOND));
    expect(requests.counts).toEqual({ requests: 9, retries: 7, replays: 0 });
  });

  it.each<[Outcome]>([
    [400],
    [401],
    [403],
    [404],
    [410],
    ['CERT_HAS_EXPIRED'],
    ['ERR_BAD_RESPONSE'],
    ['ERR_CALLBACK'],
  ])('is not what %s means', async (outcome) => {
    const { requests, drive, sends } = setUp((_, send) => (send > 1 ? outcome : 200));
    await drive(requests.send({ url: '/1' }));
    await drive(requests.send({ url: '/2' }));
    expect(sends).toHaveLength(2);
  });

  it('is not what HTML means before the first answer, for a request that does not expect JSON, and with maxOutage 0', async () => {
    const first = setUp(() => PORTAL);
    expect(await first.drive(first.requests.send({ url: '/1', responseType: 'json' }))).toMatchObject(PORTAL);
    const other = setUp((_, send) => (send > 1 ? PORTAL : 200));
    await other.drive(other.requests.send({ url: '/1' }));
    expect(await other.drive(other.requests.send({ url: '/2' }))).toMatchObject(PORTAL);
    const impatient = setUp((_, send) => (send > 1 ? PORTAL : 200), 0);
    await impatient.drive(impatient.requests.send({ url: '/1' }));
    const sent = impatient.requests.send({ url: '/2', responseType: 'json' });
    expect(await impatient.drive(sent)).toMatchObject(PORTAL);
  });

  it('ends the run after maxOutage with the reason, if a proxy returns HTML', async () => {
    const { requests, drive } = setUp((_, send) => (send > 1 ? PORTAL : 200), MINUTE);
    await drive(requests.send({ url: '/1' }));
    const error = (await drive(requests.send({ url: '/2', responseType: 'json' }))) as BatchError;
    expect(error).toMatchObject({ code: 'ERR_REQUEST', resumable: true, permanent: false });
    expect(error.message).toMatch(
      /^GET \/2 failed after \d+ retries: the API returned 200 with HTML instead of JSON \(ERR_HTML_RESPONSE\)\. Gave up after 1 min/,
    );
  });

  it('ends the run after maxOutage, and says how long it waited and how often it retried', async () => {
    const { requests, drive, sends } = setUp((_, send) => (send > 1 ? 'ECONNREFUSED' : 200), 2 * MINUTE);
    await drive(requests.send({ url: '/1' }));
    const error = (await drive(requests.send({ url: '/2?secret=x' }))) as BatchError;
    expect(error).toMatchObject({ code: 'ERR_REQUEST', resumable: true, permanent: false });
    expect(error.message).toBe(
      'GET /2 failed after 7 retries: could not connect to api.example.com:443 (ECONNREFUSED). Check the URL, the network, ' +
        'and proxies. Gave up after 2 min 00 s without a successful response (maxOutage, --max-outage).',
    );
    expect(sends.at(-1)).toBe(2 * MINUTE);
    // The next request fails at once.
    await drive(requests.send({ url: '/3' }));
    expect(sends.at(-1)).toBe(2 * MINUTE);
  });

  it('is shared by parallel requests: one probes, and all continue after it', async () => {
    const { requests, drive, sends } = setUp((time, send) => (send > 1 && time < MINUTE ? 503 : 200));
    await drive(requests.send({ url: '/0' }));
    const all = Array.from({ length: 20 }, (_, n) => requests.send({ url: `/${n}` }));
    await drive(Promise.all(all));
    const during = sends.filter((time) => time > 0 && time < MINUTE);
    expect(during).toEqual([1, 3, 7, 15, 31].map((seconds) => seconds * SECOND));
    expect(sends).toHaveLength(1 + 20 + during.length + 20);
  });

  it('is reported while it lasts', async () => {
    const { requests, drive, waits, began } = setUp((time, send) =>
      send > 1 && time < 3 * SECOND ? 503 : 200,
    );
    await drive(requests.send({ url: '/1' }));
    await drive(requests.send({ url: '/2' }));
    const until = began + 15 * MINUTE;
    const reason = 'api.example.com returned 503';
    expect(waits).toEqual([
      { reason, retryAt: began + SECOND, until },
      { reason, retryAt: began + 3 * SECOND, until },
      undefined,
    ]);
  });

  it('ends at once when the signal aborts', async () => {
    const { requests, drive, abort, sends, clock } = setUp((_, send) => (send > 1 ? 503 : 200));
    await drive(requests.send({ url: '/1' }));
    const pending = Promise.allSettled([requests.send({ url: '/2' }), requests.send({ url: '/3' })]);
    await clock.advance(500);
    abort.abort(new Error('enough'));
    expect((await pending).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(clock.pending).toBe(0);
    expect(sends).toHaveLength(3);
  });
});

it.each([
  ['before the first answer', 15 * MINUTE, 0],
  ['with maxOutage 0', 0, 1],
])('only the retries of the instance apply %s', async (_, maxOutage, successes) => {
  const { requests, drive, sends } = setUp((_, send) => (send > successes ? 'ENOTFOUND' : 200), maxOutage);
  for (let n = 0; n < successes; n++) await drive(requests.send({ url: '/1' }));
  expect(await drive(requests.send({ url: '/2' }))).toMatchObject({ code: 'ENOTFOUND' });
  expect(sends).toHaveLength(successes + 1);
});

describe('a wait that the API asks for', () => {
  const throttle = (status: number, seconds: number) => ({
    status,
    headers: { 'retry-after': `${seconds}` },
  });

  it.each([429, 503])('with %d is obeyed if it ends within the outage limit', async (status) => {
    const { requests, drive, sends } = setUp((_, send) => (send === 2 ? throttle(status, 600) : 200));
    await drive(requests.send({ url: '/1' }));
    expect(await drive(requests.send({ url: '/2' }))).toMatchObject({ status: 200 });
    expect(sends).toEqual([0, 0, 600 * SECOND]);
  });

  it.each([
    ['429', 429, 15 * MINUTE, 1],
    ['503', 503, 15 * MINUTE, 1],
    ['429 before the first answer', 429, 15 * MINUTE, 0],
    ['503 before the first answer', 503, 15 * MINUTE, 0],
    ['429 with maxOutage 0', 429, 0, 1],
    ['503 with maxOutage 0', 503, 0, 0],
  ])('ends the run at once if it is longer: %s', async (_, status, maxOutage, successes) => {
    const { requests, drive, sends } = setUp(
      (_, send) => (send > successes ? throttle(status, 3600) : 200),
      maxOutage,
    );
    for (let n = 0; n < successes; n++) await drive(requests.send({ url: '/1' }));
    const error = (await drive(requests.send({ url: '/2' }))) as BatchError;
    expect(error).toMatchObject({ code: 'ERR_THROTTLED', resumable: true, permanent: false });
    expect(error.message).toMatch(
      /^GET \/2 returned \d{3}: the API asks to wait for 3600 s \(1 h 00 min\), until 2023-11-14T23:13:20Z, longer than .*--max-outage/,
    );
    expect(sends).toHaveLength(successes + 1);
  });

  it('may be longer than a Date can represent', async () => {
    const { requests, drive } = setUp(() => throttle(429, 1e15));
    expect(await drive(requests.send({ url: '/' }))).toMatchObject({ code: 'ERR_THROTTLED' });
  });
});

describe('the rate', () => {
  it('falls after a throttle, once for requests that were sent together, and recovers within its limit', async () => {
    const clock = createManualClock();
    const times: number[] = [];
    let throttled = 0;
    const api = axios.create({
      baseURL: 'https://api.example.com',
      adapter: async (config) => {
        times.push(clock.now());
        return respond(config, throttled-- > 0 ? 429 : 200);
      },
    });
    const { signal } = new AbortController();
    const rate = { requests: 10, interval: 1000 };
    const { send } = createRequests({ api, rate, timeout: 5000, signal, clock, random: () => 1 });
    const run = async (count: number) => {
      times.length = 0;
      let isOver = false;
      const one = async () => {
        for (let n = 0; n < count; n++) await send({ url: '/' });
        isOver = true;
      };
      one();
      while (!isOver) await clock.advance(10);
      return (times.at(-1) as number) - (times.at(-2) as number);
    };
    expect(await run(5)).toBe(100);
    throttled = 1;
    expect(await run(3)).toBeGreaterThan(190);
    const gap = await run(150);
    expect(gap).toBeGreaterThanOrEqual(99);
    expect(gap).toBeLessThan(110);
  });
});

describe('a throttle', () => {
  it('is not followed by a burst of the requests that waited for the rate', async () => {
    const times: number[] = [];
    const clock = createManualClock();
    const began = clock.now();
    const api = axios.create({
      adapter: async (config) => {
        times.push(clock.now() - began);
        const isThrottled = times.length === 3;
        return respond(config, isThrottled ? { status: 429, headers: { 'retry-after': '2' } } : 200);
      },
    });
    const { signal } = new AbortController();
    const rate = { requests: 10, interval: 1000 };
    const { send } = createRequests({ api, rate, timeout: 5000, signal, clock, random: () => 1 });
    let left = 12;
    for (let n = 0; n < 12; n++) send({ url: '/' }).finally(() => left--);
    while (left > 0) await clock.advance(10);
    expect(times).toHaveLength(13);
    for (const [index, time] of times.entries())
      expect(time - (times[index - 1] ?? -100)).toBeGreaterThanOrEqual(100);
  });

  it('is reported until its end, although a request that was sent before it succeeds', async () => {
    const clock = createManualClock();
    const waits: (Waiting | undefined)[] = [];
    const api = axios.create({
      adapter: async (config) => {
        if (config.url === '/slow') await new Promise<void>((resolve) => void clock.setTimeout(resolve, 100));
        const isThrottled = config.url === '/throttled' && waits.length === 0;
        return respond(config, isThrottled ? { status: 429, headers: { 'retry-after': '2' } } : 200);
      },
    });
    const { signal } = new AbortController();
    const onWaiting = (waiting: Waiting | undefined) => waits.push(waiting);
    const options = { api, rate: undefined, timeout: 5000, signal, clock, random: () => 1, onWaiting };
    const { send } = createRequests(options);
    await send({ url: '/' });
    const slow = send({ url: '/slow' });
    const throttled = send({ url: '/throttled' });
    await clock.advance(200);
    await slow;
    expect(waits.at(-1)).toMatchObject({ reason: expect.stringContaining('returned 429') });
    await clock.advance(2000);
    await throttled;
    expect(waits.at(-1)).toBeUndefined();
  });
});

describe('for any failures', () => {
  const failures: Outcome[] = [500, 503, 429, 'ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ERR_TOKEN_REQUEST'];

  it('gives up only after maxOutage without a successful response, and then always', async () => {
    const period = fc.record({
      up: fc.integer({ min: 1, max: 200 }),
      down: fc.integer({ min: 1, max: 400 }),
      outcome: fc.constantFrom(...failures),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(period, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 300 }),
        async (periods, limit) => {
          let firstFailure: number | undefined;
          const at = (time: number): Outcome => {
            let left = time / SECOND;
            for (const { up, down, outcome } of periods) {
              if (left < up) return 200;
              if (left < up + down) return outcome;
              left -= up + down;
            }
            return 200;
          };
          const { requests, drive, clock, began } = setUp((time) => {
            const outcome = at(time);
            if (outcome === 200) firstFailure = undefined;
            else firstFailure ??= time;
            return outcome;
          }, limit * SECOND);
          const total = periods.reduce((sum, { up, down }) => sum + up + down, 0) * SECOND;
          let error: unknown;
          while (!error && clock.now() - began < total) {
            const result = await drive(requests.send({ url: '/' }));
            if (!('status' in result)) error = result;
            await clock.advance(5 * SECOND);
          }
          const waited = clock.now() - began - 5 * SECOND - (firstFailure ?? Number.POSITIVE_INFINITY);
          if (error) expect(waited).toBeGreaterThanOrEqual(limit * SECOND - SECOND);
          // An outage that is longer than the limit by more than a whole poll ends the run.
          const isOver = periods.some(({ down }) => down > limit + 10);
          expect(error !== undefined || !isOver).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('never repeats an unsafe request that the API may have executed', async () => {
    // What the API does with a request, and what the client sees.
    const event = fc.constantFrom<[executes: boolean, Outcome]>(
      [true, 200],
      [true, 'ECONNRESET'],
      [true, 'ECONNABORTED'],
      [true, 504],
      [true, 500],
      [false, 503],
      [false, 429],
      [false, 'ECONNREFUSED'],
      [false, 'ENOTFOUND'],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (events, repeatable) => {
          let executions = 0;
          let unknown = 0;
          const { requests, api, drive, abort, clock } = setUp((_, send) => {
            if (send === 1) return 200;
            const [executes, outcome] = events[send - 2] ?? [true, 200];
            if (unknown > 0 && !repeatable) expect.fail('repeated');
            if (executes) executions++;
            if (['ECONNRESET', 'ECONNABORTED', 500, 503, 504].includes(outcome as string)) unknown++;
            return outcome;
          });
          await drive(requests.send({ url: '/' }));
          const options = { api, requests, repeatable, clock, stop: abort.signal };
          const sent = await drive(sendOnce({ method: 'post', url: '/contacts', data: [] }, options));
          if (!repeatable) expect(executions).toBeLessThanOrEqual(1);
          expect(sent).toMatchObject({ type: repeatable || unknown === 0 ? 'answered' : 'unknown' });
        },
      ),
      { numRuns: 200 },
    );
  });
});
