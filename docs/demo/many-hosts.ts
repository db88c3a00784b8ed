/**
 * Exports 20,000 conversations with three workers that share one token and one output directory. All workers run on this machine,
 * with a Redis and a simulated Genesys Cloud. The export has 12 parts. The demo kills one worker with `kill -9` during the export,
 * and compares the file with the data of the simulator.
 *
 * Run `npm run demo:many-hosts`. To choose the number of records, run `npm run demo:many-hosts -- 4000`. The demo uses the Redis of
 * REDIS_URL, or starts redis-server (Debian and Ubuntu: apt-get install redis-server).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startVendorSimulator } from '../../src/testing/index.ts';

const RECORDS = Number(process.argv[2] ?? 20_000);
/** The built command. Tests pass the path of its source instead. */
const COMMAND = process.argv[3] ?? 'dist/cli/main.js';
/** The directory that the workers share. */
const SHARED = join(process.argv[4] ?? 'demo-output', 'shared');
const OUTPUT = 'conversations.jsonl';

const startedAt = performance.now();
rmSync(SHARED, { recursive: true, force: true });
mkdirSync(SHARED, { recursive: true });
const redis = await findRedis();
const simulator = await startVendorSimulator({ records: RECORDS, pageDelay: 50, tokenDelay: 30 });
const queue = ['--queue', redis.url, '--queue-name', `demo-${process.pid}`];

const workers = [1, 2, 3].map((number) => {
  const flags = ['worker', ...queue, '--directory', SHARED, '--takeover', '3', '--rate', 'none'];
  const child = run([...flags, '--read-ahead', '2', '--log', 'json']);
  follow(child, (event, { message }) => {
    if (event.startsWith('part-')) console.log(`worker ${number}: ${message}`);
  });
  return child;
});

const flags = ['--interval', simulator.interval, '--out', OUTPUT, ...queue, '--parts', '12', '--log', 'json'];
const submitter = run(['export', 'genesys-conversations', ...flags, '--progress-interval', '0']);
const submitted = once(submitter, 'exit');
let killed = false;
await follow(submitter, (event, { message, records = 0, partsComplete, parts }) => {
  if (message !== undefined) console.log(message);
  if (event !== 'progress') return;
  console.log(`${records} records, ${partsComplete} of ${parts} parts`);
  if (killed || records < RECORDS / 4) return;
  killed = true;
  console.log('-- kill -9 of worker 1 --');
  workers[0]?.kill('SIGKILL');
});
const [exitCode] = await submitted;

const ended = workers.map((worker) => worker.exitCode ?? worker.signalCode ?? once(worker, 'exit'));
for (const worker of workers) worker.kill('SIGTERM');
await Promise.all(ended);
const { lost, repeated, different, written } = await verify();
await simulator.close();
redis.close();

const rows = Object.entries({
  records: written,
  lost,
  repeated,
  different,
  'token fetches': simulator.counts.tokenRequests,
  seconds: ((performance.now() - startedAt) / 1000).toFixed(1),
});
console.log();
for (const [name, value] of rows) console.log(`${name.padEnd(14)} ${String(value).padStart(8)}`);
const intact = exitCode === 0 && killed && lost === 0 && repeated === 0 && different === 0;
const file = join(SHARED, OUTPUT);
console.log(
  intact
    ? `\n${file} contains every record exactly once.`
    : `\nFAILED: ${file} differs from the data of the simulator.`,
);
process.exitCode = intact ? 0 : 1;

function run(args: readonly string[]): ChildProcess {
  console.log(`$ axios-oauth-refresh ${args.join(' ')}`);
  const source = COMMAND.endsWith('.ts') ? ['--import', 'tsx'] : [];
  return spawn(process.execPath, [...source, COMMAND, ...args], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: {
      ...process.env,
      NO_PROXY: '127.0.0.1',
      GENESYS_ENV_URL: simulator.url,
      GENESYS_CLIENT_ID: simulator.clientId,
      GENESYS_CLIENT_SECRET: simulator.clientSecret,
    },
  });
}

/** The fields of a log line that the demo prints. */
interface Fields {
  message?: string;
  records?: number;
  parts?: number;
  partsComplete?: number;
}

async function follow(child: ChildProcess, onEvent: (event: string, fields: Fields) => void): Promise<void> {
  if (!child.stderr) return;
  for await (const line of createInterface({ input: child.stderr })) {
    const { event, ...fields } = JSON.parse(line);
    onEvent(event, fields);
  }
}

/** Compares the file with the data of the simulator. */
async function verify() {
  const expected = new Map<string, string>();
  for (const record of simulator.records())
    expected.set(String(record.conversationId), JSON.stringify(record));
  const seen = new Set<string>();
  let written = 0;
  let different = 0;
  for await (const line of createInterface({ input: createReadStream(join(SHARED, OUTPUT)) })) {
    const id = String(JSON.parse(line).conversationId);
    written++;
    seen.add(id);
    if (expected.get(id) !== line) different++;
  }
  const lost = [...expected.keys()].filter((id) => !seen.has(id)).length;
  return { written, lost, repeated: written - seen.size, different };
}

/** Finds or starts a Redis with the settings that a queue requires: data survives a restart, and nothing is evicted. */
async function findRedis(): Promise<{ url: string; close: () => void }> {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL, close: () => {} };
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'demo-redis-'));
  const settings = ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction', '--dir', directory];
  const server = spawn('redis-server', ['--bind', '127.0.0.1', '--port', String(port), ...settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  server.once('error', () => {
    console.error('redis-server is not installed. Install it, or set REDIS_URL to the address of a Redis.');
    process.exit(1);
  });
  for await (const line of createInterface({ input: server.stdout })) {
    if (line.includes('Ready to accept connections')) break;
  }
  const close = () => {
    server.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  return { url: `redis://127.0.0.1:${port}`, close };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  return typeof address === 'object' && address ? address.port : 0;
}
