/**
 * The main job: the command exports 10,000 conversations over real HTTP from a simulated Genesys Cloud whose tokens live
 * for two seconds and are revoked in mid-stream, and which throttles and fails now and then. In the middle it is killed
 * (`kill -9`) and run again. Then the file is compared with what the simulator holds.
 *
 * Run it with `npm run demo`, or with another number of records: `npm run demo -- 500`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  type ConversationDetail,
  startVendorSimulator,
  type VendorSimulator,
} from '../../src/testing/index.ts';

const RECORDS = Number(process.argv[2] ?? 10_000);
/** The built command, or its source when that is named. */
const COMMAND = process.argv[3] ?? 'dist/cli/main.js';
/** The directory of the output. */
const DIRECTORY = process.argv[4] ?? 'demo-output';
const OUTPUT = join(DIRECTORY, 'conversations.jsonl');

const startedAt = performance.now();
const simulator = await startVendorSimulator({
  records: RECORDS,
  tokenLifetime: 2,
  tokenDelay: 30,
  pageDelay: 15,
  revokeEvery: 20,
  faults: { probability: 0.06, kinds: ['429', '503'], retryAfter: 1 },
});
const events = { replay: 0, retry: 0 };

rmSync(OUTPUT, { force: true });
rmSync(`${OUTPUT}.checkpoint`, { force: true });
mkdirSync(DIRECTORY, { recursive: true });
const args = ['export', 'genesys-conversations', '--interval', simulator.interval, '--out', OUTPUT];
console.log(`$ axios-oauth-refresh ${args.join(' ')}`);
let ended = await runCommand((records, child) => records >= RECORDS / 3 && child.kill('SIGKILL'));
// With few records it was faster than the kill.
if (ended === 'SIGKILL') {
  console.log('-- kill -9 in mid-stream, and the same again --');
  ended = await runCommand();
}

const { written, unique, lost, repeated, different } = await verify(simulator);
await simulator.close();

const { tokenRequests, unauthorized } = simulator.counts;
const rows = Object.entries({
  records: written,
  'unique ids': unique,
  lost,
  repeated,
  different,
  'token fetches': tokenRequests,
  '401s seen': unauthorized,
  replays: events.replay,
  retries: events.retry,
  seconds: ((performance.now() - startedAt) / 1000).toFixed(1),
});
console.log();
for (const [name, value] of rows) console.log(`${name.padEnd(14)} ${String(value).padStart(8)}`);

const intact = ended === 0 && lost === 0 && repeated === 0 && different === 0;
console.log(intact ? `\n${OUTPUT} holds every record once.` : `\n${OUTPUT} IS NOT WHAT THE SIMULATOR HOLDS.`);
process.exitCode = intact ? 0 : 1;

/** Runs the command and shows its log. @returns how it ended: its exit code, or the signal that killed it. */
async function runCommand(onProgress?: (records: number, child: ChildProcess) => void) {
  const source = COMMAND.endsWith('.ts') ? ['--import', 'tsx'] : [];
  const flags = ['--rate', 'none', '--checkpoint-interval', '0', '--log', 'json', '--progress-interval', '0'];
  const child = spawn(process.execPath, [...source, COMMAND, ...args, ...flags], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: {
      ...process.env,
      NO_PROXY: '127.0.0.1',
      GENESYS_ENV_URL: simulator.url,
      GENESYS_CLIENT_ID: simulator.clientId,
      GENESYS_CLIENT_SECRET: simulator.clientSecret,
    },
  });
  const ended = once(child, 'exit');
  let shown = 0;
  for await (const line of createInterface({ input: child.stderr })) {
    const { event, message, ...fields } = JSON.parse(line);
    if (event === 'replay' || event === 'retry') events[event as keyof typeof events]++;
    if (message !== undefined) console.log(message);
    if (event !== 'progress') continue;
    if (fields.records - shown >= RECORDS / 10) {
      shown = fields.records;
      console.log(`${fields.records} of ${fields.total} records, ${fields.refreshes} token refreshes`);
    }
    onProgress?.(fields.records, child);
  }
  const [code, signal] = await ended;
  return signal ?? code;
}

/** Holds the file against the truth. */
async function verify({ records }: VendorSimulator) {
  const truth = new Map<string, string>();
  for (const record of records()) truth.set(String(record.conversationId), JSON.stringify(record));
  const seen = new Map<string, number>();
  let written = 0;
  let different = 0;
  for await (const line of createInterface({ input: createReadStream(OUTPUT) })) {
    const id = String((JSON.parse(line) as ConversationDetail).conversationId);
    written++;
    seen.set(id, (seen.get(id) ?? 0) + 1);
    if (truth.get(id) !== line) different++;
  }
  const lost = [...truth.keys()].filter((id) => !seen.has(id)).length;
  return { written, unique: seen.size, lost, repeated: written - seen.size, different };
}
