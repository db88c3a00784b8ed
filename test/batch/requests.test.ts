import axios from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRequests } from '../../src/batch/requests.ts';
import { systemClock } from '../../src/core/clock.ts';
import { genesysCloud } from '../../src/vendors/genesys-cloud.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { type Handler, startServer } from '../support/server.ts';
import { attached, startSimulator } from '../support/simulated.ts';

async function serve(handler: Handler) {
  const server = await startServer(handler);
  onTestFinished(() => server.close());
  return server.url;
}

const common = { rate: undefined, timeout: 5000, clock: systemClock };

describe('createRequests with a rate', () => {
  it.each([
    { requests: 50, interval: 1000 },
    { requests: 400, interval: 1000 },
    { requests: 7, interval: 150 },
  ])('of $requests in $interval ms is kept, and nearly reached', async (rate) => {
    const times: number[] = [];
    const url = await serve((_, response) => {
      times.push(performance.now());
      response.end('{}');
    });
    const signal = new AbortController().signal;
    const { send } = createRequests({ ...common, api: axios.create(), rate, signal });
    const count = Math.ceil((rate.requests / rate.interval) * 600);
    const began = performance.now();
    await Promise.all(Array.from({ length: count }, () => send({ url })));
    const least = ((count - 1) * rate.interval) / rate.requests;
    // A timer may fire a millisecond early; what fast rates send together is 10 ms worth.
    expect(performance.now() - began).toBeGreaterThan(least - 12);
    expect(times).toHaveLength(count);
    // In the middle of the time no more than half were sent, but for what fast rates send together.
    const middle = began + least / 2;
    expect(times.filter((time) => time < middle).length).toBeLessThanOrEqual(count / 2 + 6);
  });

  it('includes the retries and replays of the plugin', async () => {
    const simulator = await startSimulator({ records: 10 });
    const { url, clientId, clientSecret } = simulator;
    const api = attached(genesysCloud({ envUrl: url, clientId, clientSecret }));
    const signal = new AbortController().signal;
    const requests = createRequests({ ...common, api, rate: { requests: 20, interval: 400 }, signal });
    simulator.schedule({ match: '/api/v2', kind: '503', times: 2 });
    const began = performance.now();
    const query = { interval: simulator.interval, paging: { pageSize: 5, pageNumber: 1 } };
    const config = { method: 'post', url: '/api/v2/analytics/conversations/details/query', data: query };
    await requests.send(config);
    expect(requests.counts).toEqual({ requests: 3, retries: 2, replays: 0 });
    simulator.revokeTokens();
    await requests.send(config);
    expect(requests.counts).toEqual({ requests: 5, retries: 2, replays: 1 });
    // The replay does not wait for a turn, and the request behind it waits for two.
    expect(performance.now() - began).toBeGreaterThan(3 * 20 - 4);
    await requests.send(config);
    expect(performance.now() - began).toBeGreaterThan(5 * 20 - 4);
  });
});

it('delays every request after a 429 with Retry-After, not only the refused one', async () => {
  const clock = createManualClock();
  let refusing = true;
  let seen = 0;
  const url = await serve((_, response) => {
    seen++;
    if (refusing) response.writeHead(429, { 'retry-after': '30' });
    response.end('{}');
  });
  const signal = new AbortController().signal;
  const { send } = createRequests({ ...common, clock, api: axios.create(), signal });
  await expect(send({ url })).rejects.toMatchObject({ cause: { status: 429 } });
  refusing = false;
  const others = [send({ url }), send({ url }), send({ url })];
  await clock.advance(29_999);
  expect(seen).toBe(1);
  await clock.advance(1);
  await Promise.all(others);
  expect(seen).toBe(4);
});

it('aborts requests that wait for the rate, for a pause and for a response', async () => {
  let hanging = 0;
  const url = await serve((request, response) => {
    if (request.url === '/busy') response.writeHead(429, { 'retry-after': '3600' }).end();
    else hanging++;
  });
  const abort = new AbortController();
  const rate = { requests: 1, interval: 3_600_000 };
  const slow = createRequests({ ...common, api: axios.create(), rate, signal: abort.signal });
  const paused = createRequests({ ...common, api: axios.create(), signal: abort.signal });
  await expect(paused.send({ url: `${url}/busy` })).rejects.toMatchObject({ code: 'ERR_THROTTLED' });
  const waiting = [slow.send({ url }), slow.send({ url }), paused.send({ url })];
  const settled = Promise.allSettled(waiting);
  await expect.poll(() => hanging).toBe(1);
  abort.abort(new Error('enough'));
  for (const { status } of await settled) expect(status).toBe('rejected');
});

it('times out if the server never answers, and prefers the timeout of the instance', async () => {
  const url = await serve(() => {});
  const signal = new AbortController().signal;
  const quick = createRequests({ ...common, timeout: 30, api: axios.create(), signal });
  await expect(quick.send({ url })).rejects.toMatchObject({ code: 'ECONNABORTED' });
  const own = createRequests({ ...common, timeout: 60_000, api: axios.create({ timeout: 40 }), signal });
  await expect(own.send({ url })).rejects.toMatchObject({ message: 'timeout of 40ms exceeded' });
});

it('gets the token of a request after the wait for the rate, so that tokens revoked meanwhile cause no 401', async () => {
  const simulator = await startSimulator({ records: 10, revokeEvery: 5 });
  const { url, clientId, clientSecret } = simulator;
  const api = attached(genesysCloud({ envUrl: url, clientId, clientSecret }));
  const signal = new AbortController().signal;
  const requests = createRequests({ ...common, api, rate: { requests: 1, interval: 50 }, signal });
  const query = { interval: simulator.interval, paging: { pageSize: 5, pageNumber: 1 } };
  const config = { method: 'post', url: '/api/v2/analytics/conversations/details/query', data: query };
  // With a token from before the wait, all later requests would be refused twice.
  await Promise.all(Array.from({ length: 20 }, () => requests.send(config)));
  expect(simulator.counts.unauthorized).toBeLessThanOrEqual(20);
});
