/**
 * Exports 10,000 conversations with the command line, over real HTTP, from a simulated Genesys Cloud. Its tokens expire after
 * two seconds and are revoked during the export, and some requests are throttled or fail. The demo kills the command with
 * `kill -9`, runs the same command again, and compares the file with the data of the simulator.
 *
 * Run `npm run demo`. To choose the number of records, run `npm run demo -- 500`.
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
/** The built command. Tests pass the path of its source instead. */
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
// A small export completes before the kill.
if (ended === 'SIGKILL') {
  console.log('-- killed with kill -9 during the export; running the same command again --');
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
console.log(
  intact
    ? `\n${OUTPUT} contains every record exactly once.`
    : `\nFAILED: ${OUTPUT} differs from the data of the simulator.`,
);
process.exitCode = intact ? 0 : 1;

/** Runs the command and prints its log. @returns the exit code, or the signal that killed the command. */
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

/** Compares the file with the data of the simulator. */
async function verify({ records }: VendorSimulator) {
  const expected = new Map<string, string>();
  for (const record of records()) expected.set(String(record.conversationId), JSON.stringify(record));
  const seen = new Map<string, number>();
  let written = 0;
  let different = 0;
  for await (const line of createInterface({ input: createReadStream(OUTPUT) })) {
    const id = String((JSON.parse(line) as ConversationDetail).conversationId);
    written++;
    seen.set(id, (seen.get(id) ?? 0) + 1);
    if (expected.get(id) !== line) different++;
  }
  const lost = [...expected.keys()].filter((id) => !seen.has(id)).length;
  return { written, unique: seen.size, lost, repeated: written - seen.size, different };
}
