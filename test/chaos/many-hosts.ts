import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { startVendorSimulator } from '../../src/testing/index.ts';
import { startRedis } from '../support/redis-server.ts';
import { type BadWorker, prepareBadWorkers } from './bad-workers.ts';
import { compare, digest, generator } from './compare.ts';
import { environmentOf, SCENARIOS } from './scenarios.ts';

/** Options of {@link manyHosts}. */
export interface ManyHostsOptions {
  /** Program and arguments that run the command, such as `['node', 'dist/cli/main.js']`. */
  command: readonly [string, ...string[]];
  records: number;
  parts: number;
  workers: number;
  /** Number of times that a random worker is killed and replaced. */
  kills: number;
  /** Duration of each page request in milliseconds. */
  pageDelay: number;
  /** Takeover time in seconds. */
  takeover: number;
  /** Read-ahead of each worker. @default the command's default */
  readAhead?: number;
  /** Adds a worker with a read-only directory, one without network and one of another account. @default false */
  badWorkers?: boolean;
  /** Seed of the choice of workers and of the moments of the kills. */
  seed: number;
}

/** Result of {@link manyHosts}. */
export interface ManyHostsResult {
  /** Number of running workers that were killed. */
  kills: number;
  lines: number;
  lost: number;
  repeated: number;
  /** Whether the output has the same bytes as an undisturbed export. */
  identical: boolean;
  tokenRequests: number;
  /** How often the bad workers paused or left the export alone. */
  bad?: string;
  /** Time until all parts were complete, and time until the output was complete. */
  secondsForParts: number;
  seconds: number;
}

/**
 * Exports conversations with workers that are killed at random moments of the export, and compares the output with the
 * records of the simulator and with an undisturbed export. The simulator is a separate process.
 */
export async function manyHosts(options: ManyHostsOptions): Promise<ManyHostsResult> {
  const { command, records, parts, kills, pageDelay, seed } = options;
  const directory = await mkdtemp(join(tmpdir(), 'many-hosts-'));
  const shared = join(directory, 'shared');
  await mkdir(shared);
  const redis = await startRedis({ args: ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'] });
  const children: ChildProcess[] = [];
  let release = () => {};
  try {
    const simulator = await startSimulator(command, records, pageDelay);
    children.push(simulator.child);
    const start = (args: string[], env = {}) => {
      const [program, ...before] = command;
      const child = spawn(program, [...before, ...args], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, ...simulator.env, ...env },
      });
      children.push(child);
      return child;
    };
    const run = (args: string[], env = {}) => start([...args, '--queue', redis.url], env);
    const startWorker = async (directory = shared, env = {}) => {
      const { takeover, readAhead } = options;
      const flags = [
        '--directory',
        directory,
        '--takeover',
        `${takeover}`,
        '--rate',
        'none',
        '--vendor',
        'genesys',
      ];
      const child = run(['worker', ...flags, ...(readAhead ? ['--read-ahead', `${readAhead}`] : [])], env);
      // The first output means that the worker is ready. The rest must be drained, or the worker would block.
      await new Promise((resolve) => child.stderr.once('data', resolve));
      child.stderr.resume();
      return child;
    };
    const workers = Array.from({ length: options.workers }, () => startWorker());
    await Promise.all(workers);
    const bad: Record<string, number> = {};
    const startBadWorker = async ({ name, directory: own, env }: BadWorker) => {
      bad[name] = 0;
      const { stderr } = await startWorker(own, env);
      createInterface({ input: stderr }).on('line', (line) => {
        if (/paused for|left-alone/.test(line)) bad[name] = (bad[name] ?? 0) + 1;
      });
    };
    if (options.badWorkers) {
      const other = await startSimulator(command, 10, pageDelay);
      children.push(other.child);
      const prepared = await prepareBadWorkers(shared, other.env);
      release = prepared.release;
      await Promise.all(prepared.workers.map(startBadWorker));
    }

    const random = generator(seed);
    const moments = Array.from({ length: kills }, () => random() * 0.9 * records).sort((a, b) => a - b);
    let killed = 0;
    let hasEnded = false;
    const killRandomWorker = async () => {
      await delay(random() * 900);
      const victim = Math.floor(random() * workers.length);
      const worker = await workers[victim];
      if (hasEnded || worker?.signalCode) return;
      worker?.kill('SIGKILL');
      killed++;
      workers[victim] = startWorker();
    };
    const began = performance.now();
    let secondsForParts = 0;
    const flags = ['--interval', simulator.interval, '--out', 'out.jsonl', '--parts', `${parts}`];
    const log = ['--log', 'json', '--progress-interval', '0'];
    const submitter = run(['export', 'genesys-conversations', ...flags, ...log]);
    let lastLine = '';
    const killings: Promise<void>[] = [];
    for await (const line of createInterface({ input: submitter.stderr })) {
      lastLine = line;
      const { event, records: done, partsComplete } = JSON.parse(line);
      if (event !== 'progress') continue;
      if (partsComplete === parts) secondsForParts ||= (performance.now() - began) / 1000;
      while (done >= (moments[0] ?? Number.POSITIVE_INFINITY)) {
        moments.shift();
        killings.push(killRandomWorker());
      }
    }
    hasEnded = true;
    const seconds = (performance.now() - began) / 1000;
    await Promise.all([...killings, ...workers]);
    if (JSON.parse(lastLine).event !== 'complete') throw new Error(`the export ended with ${lastLine}`);
    const reference = await startVendorSimulator({ records });
    const expected = Array.from(reference.records(), (record) => JSON.stringify(record));
    const compared = await compare(join(shared, 'out.jsonl'), expected);
    const undisturbed = join(directory, 'undisturbed.jsonl');
    const alone = start(
      [
        'export',
        'genesys-conversations',
        '--interval',
        simulator.interval,
        '--out',
        undisturbed,
        '--rate',
        'none',
      ],
      environmentOf(SCENARIOS.conversations, reference),
    );
    alone.stderr.resume();
    await once(alone, 'close');
    await reference.close();
    const tokenRequests = await simulator.end();
    return {
      kills: killed,
      ...compared,
      identical: (await digest(join(shared, 'out.jsonl'))) === (await digest(undisturbed)),
      tokenRequests,
      ...(options.badWorkers && { bad: JSON.stringify(bad) }),
      secondsForParts: secondsForParts || seconds,
      seconds,
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    release();
    await redis.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function startSimulator(
  [program, ...before]: ManyHostsOptions['command'],
  records: number,
  pageDelay: number,
) {
  const flags = ['simulate', '--records', `${records}`, '--page-delay', `${pageDelay / 1000}`];
  const child = spawn(program, [...before, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += chunk;
    if (printed.includes('ACCESS_KEY_SECRET')) break;
  }
  const env = Object.fromEntries(
    [...printed.matchAll(/^export (GENESYS_\w+)='(.*)'$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
  const [interval = ''] = /\S+Z\/\S+Z/.exec(printed) ?? [];
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return {
    child,
    env,
    interval,
    /** Stops the simulator. @returns the number of token requests, which the simulator prints at its end. */
    async end(): Promise<number> {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGINT');
      await ended;
      return Number(/(\d+) token requests/.exec(stderr)?.[1]);
    },
  };
}
