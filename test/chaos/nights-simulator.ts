// A process of the chaos test of nights: the simulator, with a clock that its parent sets and that runs faster than real time.
import { type SimulatorOptions, startVendorSimulator } from '../../src/testing/index.ts';

/** Messages from the parent: set the clock, or say once the APIs have received this many more requests. */
export type Order = { now: number } | { requests: number };
/** Messages to the parent. */
export type Report =
  | { event: 'started'; url: string; clientId: string; clientSecret: string }
  | { event: 'reached' };

const { speed, now, ...options }: SimulatorOptions & { speed: number; now: number } = JSON.parse(
  process.argv[2] ?? '',
);
const clock = { start: now, began: performance.now() };
const simulator = await startVendorSimulator({
  ...options,
  dataClock: { now: () => Math.floor(clock.start + (performance.now() - clock.began) * speed) },
});
const report = (message: Report) => process.send?.(message);

let moment = Number.POSITIVE_INFINITY;
setInterval(() => {
  if (simulator.counts.apiRequests < moment) return;
  moment = Number.POSITIVE_INFINITY;
  report({ event: 'reached' });
}, 1);

process.on('message', (order: Order) => {
  if ('now' in order) Object.assign(clock, { start: order.now, began: performance.now() });
  else moment = simulator.counts.apiRequests + order.requests;
});
process.on('disconnect', () => process.exit());
const { url, clientId, clientSecret } = simulator;
report({ event: 'started', url, clientId, clientSecret });
