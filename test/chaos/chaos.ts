import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startVendorSimulator, type VendorSimulator } from '../../src/testing/index.ts';
import { compare, generator } from './compare.ts';

/** Options of {@link chaos}. */
export interface ChaosOptions {
  /** Program and arguments that run the command, such as `['node', 'dist/cli/main.js']`. */
  command: readonly [string, ...string[]];
  records: number;
  /** Number of times that the exporting process is killed, at random lengths of its output. */
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
  seconds: number;
}

// A few runs fail by chance; this many failures mean that the export never completes.
const MAX_FAILURES = 20;

/**
 * Exports conversations with the command while its process is killed, its tokens are revoked, and the API throttles,
 * fails, truncates responses and resets connections. Restarts the command after each end, then compares the output with
 * the records of the simulator and with an undisturbed export of the same data.
 */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const { records, kills, faults, revokeEvery, pageDelay, seed } = options;
  const directory = await mkdtemp(join(tmpdir(), 'chaos-'));
  const reliable = await startVendorSimulator({ records });
  const faulty = await startVendorSimulator({
    records,
    revokeEvery,
    pageDelay,
    faults: { probability: faults, kinds: ['429', '503', 'reset', 'truncated'], retryAfter: 1 },
  });
  try {
    const undisturbed = join(directory, 'undisturbed.jsonl');
    const disturbed = join(directory, 'disturbed.jsonl');
    const reference = start(options, reliable, undisturbed);
    const code = await reference.ended;
    if (code !== 0) throw new Error(`the undisturbed export failed with ${code}: ${reference.stderr()}`);

    const began = performance.now();
    const { size } = await stat(undisturbed);
    const random = generator(seed);
    const moments = Array.from({ length: kills }, () => Math.floor(random() * size)).sort((a, b) => a - b);
    let failures = 0;
    for (;;) {
      const run = start(options, faulty, disturbed);
      const moment = moments.shift();
      if (moment !== undefined) {
        await untilSize(disturbed, moment, run.ended);
        // The delay moves the kill away from the end of a write.
        await delay(random() * 20);
        run.kill();
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
      ...(await compare(disturbed, reliable)),
      identical: (await digest(disturbed)) === (await digest(undisturbed)),
      faults: rateLimited + serverErrors + resets + truncated,
      unauthorized,
      tokenRequests,
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    await reliable.close();
    await faulty.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function start({ command: [program, ...args] }: ChaosOptions, simulator: VendorSimulator, output: string) {
  const { url, clientId, clientSecret, interval } = simulator;
  const child = spawn(
    program,
    [...args, 'export', 'genesys-conversations', '--interval', interval, '--out', output, '--rate', 'none'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        GENESYS_ENV_URL: url,
        GENESYS_CLIENT_ID: clientId,
        GENESYS_CLIENT_SECRET: clientSecret,
      },
    },
  );
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

/** Waits until a file has the given number of bytes or the run has ended. */
async function untilSize(path: string, bytes: number, ended: Promise<unknown>): Promise<void> {
  let hasEnded = false;
  ended.then(() => {
    hasEnded = true;
  });
  while (!hasEnded) {
    const size = await stat(path).then(
      (file) => file.size,
      () => 0,
    );
    if (size >= bytes) return;
    await delay(2);
  }
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
