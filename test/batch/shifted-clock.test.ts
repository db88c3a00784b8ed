import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import axios from 'axios';
import { expect, it } from 'vitest';
import { createRequests } from '../../src/batch/requests.ts';
import { startApi } from '../support/exporting.ts';
import { createShiftedClock } from '../support/shifted-clock.ts';

const HOURS = 3_600_000;
const run = promisify(execFile);

it.each([-2 * HOURS, 2 * HOURS])(
  'an export keeps its rate, its checkpoints and its duration if the system time moves by %d ms',
  async (shift) => {
    const { url } = await startApi(() => ({ items: [{ id: 1 }] }));
    const script = new URL('../support/shifted-export-script.ts', import.meta.url).pathname;
    const { stdout } = await run(process.execPath, ['--import', 'tsx', script, url, String(shift)]);
    const { took, elapsed, checkpoints } = JSON.parse(stdout);
    // 20 requests, 20 ms apart.
    expect(took).toBeGreaterThan(350);
    expect(took).toBeLessThan(60_000);
    expect(elapsed).toBeGreaterThan(300);
    expect(elapsed).toBeLessThanOrEqual(took + 1);
    // Every 100 ms, and at the end.
    expect(checkpoints).toBeGreaterThan(2);
  },
);

it.each([-2 * HOURS, 2 * HOURS])(
  'an injected clock that moves by %d ms stops no request that waits for the rate',
  async (shift) => {
    const { url, requests } = await startApi(() => ({}));
    const clock = createShiftedClock();
    const { signal } = new AbortController();
    const { send } = createRequests({
      api: axios.create({ proxy: false }),
      rate: { requests: 50, interval: 1000 },
      timeout: 5000,
      signal,
      clock,
    });
    const all = Array.from({ length: 5 }, () => send({ url }));
    clock.shift(shift);
    await Promise.all(all);
    await send({ url });
    expect(requests).toHaveLength(6);
  },
);
