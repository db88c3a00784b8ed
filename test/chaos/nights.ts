import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { listDays } from '../../src/batch/index.ts';
import { parseInterval } from '../../src/batch/internal.ts';
import { toText } from '../../src/batch/sources/windows.ts';
import { systemClock } from '../../src/core/internal.ts';
import type { SimulatorOptions } from '../../src/testing/index.ts';
import { buildPrograms } from './built-command.ts';
import { generator } from './compare.ts';
import { OUTPUTS, type OutputName } from './nights-outputs.ts';
import { startExport, startSimulator } from './nights-processes.ts';
import { finalRecords } from './nights-truth.ts';

/** Options of {@link exportNights}. */
export interface NightsOptions {
  output: OutputName;
  /** Where the output is. @default a new directory, which is removed at the end */
  location?: string;
  /** The first day. Each later night exports the next day. */
  since: string;
  nights: number;
  timeZone: string;
  recordsPerDay: number;
  /** Complete days that each night exports again. The last nights export days without conversations. */
  reread: number;
  /** Share of API responses that are a fault, 0 to 1. */
  faults: number;
  /** Seed of the data and of the moments of the kills. */
  seed: number;
}

/** Result of {@link exportNights}. */
export interface NightsResult {
  nights: number;
  kills: number;
  /** Runs that failed without a kill, for example after too many faults, and were started again. */
  failures: number;
  /** Conversations of the simulator. */
  conversations: number;
  /** Conversations that began on one day and ended on another one. */
  overMidnight: number;
  records: number;
  lost: number;
  repeated: number;
  /** Records of a day on which their conversation did not begin. */
  misplaced: number;
  /** Records that lack changes which the API has. */
  outdated: number;
  /** Records that were missing or not final in the first export of their day. */
  late: number;
  seconds: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PAGE_SIZE = 25;
// The clock runs faster, so that conversations change during an export.
const SPEED = 600;
const MAX_FAILURES = 20;
const SIMULATOR = 'test/chaos/nights-simulator.ts';
const EXPORT = 'test/chaos/nights-export.ts';

/**
 * Exports a day each night at 3 o'clock while the clock of the simulator moves, and kills the first run of each night at a random moment.
 * Compares all records with the final records of the simulator.
 */
export async function exportNights(options: NightsOptions): Promise<NightsResult> {
  const { since, nights, timeZone, recordsPerDay, reread, seed } = options;
  const future = { ...systemClock, now: () => Date.parse(since) + (nights + 2) * DAY };
  const days = listDays({ since }, { timeZone, clock: future })
    .slice(0, nights)
    .map(({ date, interval }) => ({ date, ...parseInterval(interval) }));
  const [first] = days;
  const last = days.at(-1 - reread);
  if (!first || !last) throw new Error('nights must be larger than reread');
  // Conversations of the day before the first one belong to no day.
  const data: SimulatorOptions = {
    seed,
    records: recordsPerDay * (nights - reread + 1),
    interval: toText({ start: first.start - DAY, end: last.end }),
    longConversations: 0.05,
  };
  const late = { share: 0.1, delay: 10 * HOUR };
  const own = await mkdtemp(join(tmpdir(), 'nights-'));
  const { location = own } = options;
  const programs = await buildPrograms([SIMULATOR, EXPORT]);
  const simulator = await startSimulator(programs.pathOf(SIMULATOR), {
    ...data,
    now: first.end + 3 * HOUR,
    speed: SPEED,
    lateChanges: late,
    lateArrivals: late,
    faults: { probability: options.faults, kinds: ['429', '503', 'reset', 'truncated'], retryAfter: 1 },
  });
  try {
    const began = performance.now();
    const random = generator(seed);
    const { read, textOf } = OUTPUTS[options.output];
    const final = await finalRecords(data, days, textOf);
    const result = { nights, kills: 0, failures: 0, ...final.counts, late: 0 };
    for (const [n, night] of days.entries()) {
      const nightBegan = performance.now();
      const nightStart = night.end + 3 * HOUR;
      simulator.tell({ now: nightStart });
      const run = () => {
        const now = Math.floor(nightStart + (performance.now() - nightBegan) * SPEED);
        const { output } = options;
        const { vendor } = simulator;
        const settings = { vendor, output, location, now, speed: SPEED, since, timeZone, reread };
        return startExport(programs.pathOf(EXPORT), { ...settings, pageSize: PAGE_SIZE });
      };
      // Each day has at least this many pages: the last page is followed by an empty one.
      const pages = (Math.min(n, reread) + 1) * Math.floor(recordsPerDay / PAGE_SIZE);
      // A run that ends before its moment is followed by a run that exports the last days again.
      for (let killed = 0; killed < 1; ) {
        const { ended, kill } = run();
        await Promise.race([simulator.reaches(1 + Math.floor(random() * pages)), ended]);
        // The delay moves the kill away from the end of a response.
        await delay(random() * 20);
        kill();
        if ((await ended) === 'SIGKILL') killed++;
        result.kills += killed;
      }
      for (let attempt = 0; ; attempt++) {
        const { ended, stderr } = run();
        const code = await ended;
        if (code === 0) break;
        result.failures++;
        if (attempt === MAX_FAILURES) throw new Error(`${attempt} exports failed: ${stderr()}`);
      }
      let complete = 0;
      for await (const record of read(location, timeZone, night.date)) if (final.has(record)) complete++;
      result.late += final.countOn(night.date) - complete;
    }
    return {
      ...result,
      ...(await final.compare(read(location, timeZone))),
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    simulator.end();
    await programs.remove();
    await rm(own, { recursive: true, force: true });
  }
}
