import { InvalidArgumentError } from 'commander';
import { refuse } from '../core/internal.ts';
import type { SimulatorOptions } from '../testing/index.ts';
import { parseTime } from '../testing/internal.ts';
import type { Interval } from './parse.ts';

/** The flags of `simulate` that choose when the conversations happen. */
export interface DataClockFlags {
  interval?: Interval;
  now?: number;
  speed?: number;
  lateChanges?: number;
  lateArrivals?: number;
}

const DAY = 86_400_000;

/** Reads the time at which the clock starts. @returns epoch milliseconds. */
export function parseNow(text: string): number {
  const time = parseTime(text);
  if (time === undefined) throw new InvalidArgumentError('Use a time such as 2026-10-01T03:00Z.');
  return time;
}

/** Reads how much faster than real time the clock runs. */
export function parseSpeed(text: string): number {
  const speed = Number(text);
  if (!(speed > 0 && speed <= 1_000_000))
    throw new InvalidArgumentError('Use a number above 0, up to 1000000.');
  return speed;
}

/** Returns the options of the simulator for these flags. @throws ConfigurationError if a flag requires --now. */
export function dataClockOptions({
  interval: chosen,
  now: start,
  speed,
  lateChanges,
  lateArrivals,
}: DataClockFlags): SimulatorOptions {
  const interval = chosen && `${chosen.start}/${chosen.end}`;
  const dependent = { '--speed': speed, '--late-changes': lateChanges, '--late-arrivals': lateArrivals };
  if (start === undefined) {
    const passed = Object.entries(dependent).filter(([, value]) => value !== undefined);
    refuse(
      'simulate',
      passed.map(([name]) => `${name} requires --now, such as --now 2026-10-01T03:00Z`),
    );
    return interval === undefined ? {} : { interval };
  }
  const began = performance.now();
  const month = [start, start + 31 * DAY].map((time) => new Date(time).toISOString()).join('/');
  return {
    interval: interval ?? month,
    dataClock: { now: () => Math.floor(start + (performance.now() - began) * (speed ?? 1)) },
    ...(lateChanges !== undefined && { lateChanges: { share: lateChanges } }),
    ...(lateArrivals !== undefined && { lateArrivals: { share: lateArrivals } }),
  };
}
