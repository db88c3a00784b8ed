import { spawn } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startVendorSimulator, type VendorSimulator } from '../../src/testing/index.ts';
import { compare, digest, generator } from './compare.ts';
import { environmentOf, SCENARIOS, type Scenario, type ScenarioName } from './scenarios.ts';

/** Options of {@link chaos}. */
export interface ChaosOptions {
  /** Program and arguments that run the command, such as `['node', 'dist/cli/main.js']`. */
  command: readonly [string, ...string[]];
  scenario: ScenarioName;
  records: number;
  /** Number of times that the exporting process is killed, at random lengths of its output or after random numbers of requests. */
  kills: number;
  /** Share of API responses that are a fault, 0 to 1. */
  faults: number;
  /** Number of requests between two revocations of all tokens. */
  revokeEvery: number;
  /** Duration of each page request in milliseconds. */
  pageDelay: number;
  /** Seed of the moments of the kills. */
  seed: number;
}

/** Result of {@link chaos}. */
export interface ChaosResult {
  kills: number;
  /** Runs that failed without a kill, for example after too many faults, and were started again. */
  failures: number;
  lines: number;
  lost: number;
  repeated: number;
  /** Whether the output has the same bytes as an undisturbed export. */
  identical: boolean;
  /** Number of API responses that were faults. */
  faults: number;
  unauthorized: number;
  tokenRequests: number;
  /** Number of times that all jobs of the API expired. */
  expiries: number;
  seconds: number;
}

// A few runs fail by chance; this many failures mean that the export never completes.
const MAX_FAILURES = 20;

// Shares of the kills after which all jobs expire, and after which the next file is truncated.
const EXPIRES = 0.3;
const TRUNCATES = 0.5;

/**
 * Exports records with the command while its process is killed, its tokens are revoked, its jobs expire, and the API throttles,
 * fails, truncates responses and files, and resets connections. Restarts the command after each end, then compares the output
 * with the records of the simulator and with an undisturbed export of the same data.
 */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const { records, kills, faults, revokeEvery, pageDelay, seed } = options;
  const scenario: Scenario = SCENARIOS[options.scenario];
  const directory = await mkdtemp(join(tmpdir(), 'chaos-'));
  const jobs = { polls: 0 };
  const reliable = await startVendorSimulator({ records, jobs });
  const faulty = await startVendorSimulator({
    records,
    jobs,
    revokeEvery,
    pageDelay,
    faults: { probability: faults, kinds: ['429', '503', 'reset', 'truncated'], retryAfter: 1 },
  });
  try {
    const undisturbed = join(directory, `undisturbed.${scenario.ending}`);
    const disturbed = join(directory, `disturbed.${scenario.ending}`);
    const reference = start(options, reliable, undisturbed);
    const code = await reference.ended;
    if (code !== 0) throw new Error(`the undisturbed export failed with ${code}: ${reference.stderr()}`);

    const began = performance.now();
    const { size } = await stat(undisturbed);
    const { apiRequests } = reliable.counts;
    const random = generator(seed);
    const bySize = scenario.killAt === 'size';
    const last = bySize ? size : apiRequests;
    const moments = Array.from({ length: kills }, () => Math.floor(random() * last)).sort((a, b) => a - b);
    let failures = 0;
    let expiries = 0;
    for (;;) {
      const run = start(options, faulty, disturbed);
      const moment = moments.shift();
      if (moment !== undefined) {
        const reached = bySize
          ? async () => (await sizeOf(disturbed)) >= moment
          : async () => faulty.counts.apiRequests >= moment;
        await until(reached, run.ended);
        // The delay moves the kill away from the end of a write.
        await delay(random() * 20);
        run.kill();
        if (random() < EXPIRES) {
          faulty.expireJobs();
          expiries++;
        }
        if (random() < TRUNCATES) faulty.schedule({ match: '/extracts/', kind: 'truncated' });
      }
      const ended = await run.ended;
      if (ended === 0) break;
      if (ended !== 'SIGKILL' && ++failures > MAX_FAILURES) {
        throw new Error(`${failures} exports failed, the last one with ${ended}: ${run.stderr()}`);
      }
      if (ended !== 'SIGKILL' && moment !== undefined) moments.unshift(moment);
    }
    if (moments.length > 0) throw new Error(`completed with ${moments.length} kills left; use more records`);

    const { tokenRequests, unauthorized, rateLimited, serverErrors, resets, truncated } = faulty.counts;
    return {
      kills,
      failures,
      ...(await compare(disturbed, linesOf(scenario, reliable), scenario.hasHeading)),
      identical: (await digest(disturbed)) === (await digest(undisturbed)),
      faults: rateLimited + serverErrors + resets + truncated,
      unauthorized,
      tokenRequests,
      expiries,
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    await reliable.close();
    await faulty.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function* linesOf(scenario: Scenario, simulator: VendorSimulator): Generator<string> {
  for (let index = 0; index < simulator.recordCount; index++) yield scenario.line(simulator, index);
}

function start(
  { command: [program, ...before], scenario: name }: ChaosOptions,
  simulator: VendorSimulator,
  output: string,
) {
  const scenario = SCENARIOS[name];
  const flags = ['--interval', simulator.interval, '--out', output, '--rate', 'none'];
  const child = spawn(program, [...before, 'export', ...scenario.args, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...environmentOf(scenario, simulator) },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? code ?? -1));
  });
  return { ended, kill: () => child.kill('SIGKILL'), stderr: () => stderr };
}

/** Waits until a moment is reached or the run has ended. */
async function until(reached: () => Promise<boolean>, ended: Promise<unknown>): Promise<void> {
  let hasEnded = false;
  ended.then(() => {
    hasEnded = true;
  });
  while (!hasEnded && !(await reached())) await delay(2);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
