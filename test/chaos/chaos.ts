import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startVendorSimulator, type VendorSimulator } from '../../src/testing/index.ts';
import { compare, generator } from './compare.ts';

/** What an export is put through. */
export interface ChaosOptions {
  /** What runs the command, such as `['node', 'dist/cli/main.js']`. */
  command: readonly [string, ...string[]];
  records: number;
  /** How often the exporting process is killed, at random lengths of its output. */
  kills: number;
  /** Share of answers that are a fault, 0 to 1. */
  faults: number;
  /** All tokens are revoked after every so many requests. */
  revokeEvery: number;
  /** Milliseconds each page takes. */
  pageDelay: number;
  /** Decides the moments of the kills. */
  seed: number;
}

/** What came of it. */
export interface ChaosResult {
  kills: number;
  /** Runs that ended by themselves before the end, as after too many faults, and were started again. */
  failures: number;
  lines: number;
  lost: number;
  repeated: number;
  /** The output is, byte for byte, that of an export that nothing disturbed. */
  identical: boolean;
  /** Answers of the API that were faults. */
  faults: number;
  unauthorized: number;
  tokenRequests: number;
  seconds: number;
}

// Some of this many runs without a kill fail by chance; that many mean that the export can never end.
const MOST_FAILURES = 20;

/**
 * Exports conversations with the command while its process is killed, its tokens are revoked and the API throttles,
 * fails, breaks off and resets; starts it again each time; then holds the output against the truth and against an
 * export of the same data that nothing disturbed.
 */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const { records, kills, faults, revokeEvery, pageDelay, seed } = options;
  const directory = await mkdtemp(join(tmpdir(), 'chaos-'));
  const quiet = await startVendorSimulator({ records });
  const rough = await startVendorSimulator({
    records,
    revokeEvery,
    pageDelay,
    faults: { probability: faults, kinds: ['429', '503', 'reset', 'truncated'], retryAfter: 1 },
  });
  try {
    const undisturbed = join(directory, 'undisturbed.jsonl');
    const disturbed = join(directory, 'disturbed.jsonl');
    const whole = start(options, quiet, undisturbed);
    const code = await whole.ended;
    if (code !== 0) throw new Error(`the undisturbed export ended with ${code}: ${whole.said()}`);

    const began = performance.now();
    const { size } = await stat(undisturbed);
    const random = generator(seed);
    const moments = Array.from({ length: kills }, () => Math.floor(random() * size)).sort((a, b) => a - b);
    let failures = 0;
    for (;;) {
      const run = start(options, rough, disturbed);
      const moment = moments.shift();
      if (moment !== undefined) {
        await reached(disturbed, moment, run.ended);
        // Not always at the end of a write.
        await delay(random() * 20);
        run.kill();
      }
      const ended = await run.ended;
      if (ended === 0) break;
      if (ended !== 'SIGKILL' && ++failures > MOST_FAILURES) {
        throw new Error(`exports end with ${ended}: ${run.said()}`);
      }
      if (ended !== 'SIGKILL' && moment !== undefined) moments.unshift(moment);
    }
    if (moments.length > 0) throw new Error(`the export was complete with ${moments.length} kills to go`);

    const { tokenRequests, unauthorized, rateLimited, serverErrors, resets, truncated } = rough.counts;
    return {
      kills,
      failures,
      ...(await compare(disturbed, quiet)),
      identical: (await digest(disturbed)) === (await digest(undisturbed)),
      faults: rateLimited + serverErrors + resets + truncated,
      unauthorized,
      tokenRequests,
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    await quiet.close();
    await rough.close();
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
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? code ?? -1));
  });
  return { ended, kill: () => child.kill('SIGKILL'), said: () => said };
}

/** Waits until a file has so many bytes, or until the run has ended. */
async function reached(path: string, bytes: number, ended: Promise<unknown>): Promise<void> {
  let over = false;
  ended.then(() => {
    over = true;
  });
  while (!over) {
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
