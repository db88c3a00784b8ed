/**
 * The main job: exports 10,000 conversations over real HTTP from a simulated Genesys Cloud whose tokens live for two
 * seconds and are revoked in mid-stream, and which throttles and fails now and then; then checks the file against
 * what the simulator holds. Run it with `npm run demo`, or with another number of records: `npm run demo -- 500`.
 */
import { createReadStream, mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import axios from 'axios';
import { SingleBar } from 'cli-progress';
import { createJsonLinesWriter } from '../../src/batch/json-lines.ts';
import { conversationPages } from '../../src/batch/pages.ts';
import { attachAuthRefresh } from '../../src/index.ts';
import {
  type ConversationDetail,
  startVendorSimulator,
  type VendorSimulator,
} from '../../src/testing/index.ts';
import { genesysCloud } from '../../src/vendors/genesys-cloud.ts';

const RECORDS = Number(process.argv[2] ?? 10_000);
const OUTPUT = 'demo-output/conversations.jsonl';

const startedAt = performance.now();
const simulator = await startVendorSimulator({
  records: RECORDS,
  tokenLifetime: 2,
  tokenDelay: 30,
  pageDelay: 15,
  revokeEvery: 20,
  faults: { probability: 0.06, kinds: ['429', '503'], retryAfter: 1 },
});

const api = axios.create({ baseURL: simulator.url, proxy: false });
let replays = 0;
let retries = 0;
attachAuthRefresh(api, {
  vendor: genesysCloud({
    envUrl: simulator.url,
    clientId: simulator.clientId,
    clientSecret: simulator.clientSecret,
  }),
  onEvent: ({ type }) => {
    if (type === 'replay') replays++;
    if (type === 'retry') retries++;
  },
});

mkdirSync('demo-output', { recursive: true });
await exportConversations();
const { written, unique, lost, repeated, different } = await verify(simulator);
await simulator.close();

const { tokenRequests, unauthorized } = simulator.counts;
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
const rows = Object.entries({
  records: written,
  'unique ids': unique,
  lost,
  repeated,
  different,
  'token fetches': tokenRequests,
  '401s seen': unauthorized,
  replays,
  retries,
  seconds,
});
console.log();
for (const [name, value] of rows) console.log(`${name.padEnd(14)} ${String(value).padStart(8)}`);

const intact = lost === 0 && repeated === 0 && different === 0;
console.log(intact ? `\n${OUTPUT} holds every record once.` : `\n${OUTPUT} IS NOT WHAT THE SIMULATOR HOLDS.`);
process.exitCode = intact ? 0 : 1;

async function exportConversations(): Promise<void> {
  const writer = createJsonLinesWriter(OUTPUT);
  const progress = createProgress();
  let count = 0;
  for await (const { items, total } of conversationPages(api, { interval: simulator.interval })) {
    await writer.write(items);
    count += items.length;
    progress.update(count, total);
  }
  await writer.close();
  progress.stop();
}

/** A bar on a terminal; elsewhere a line for every tenth of the way. */
function createProgress(): { update(count: number, total: number): void; stop(): void } {
  if (process.stdout.isTTY) {
    const bar = new SingleBar({ format: '{bar} {percentage}% | {value} of {total} records | {eta} s left' });
    bar.start(RECORDS, 0);
    return {
      update(count, total) {
        bar.setTotal(total);
        bar.update(count);
      },
      stop: () => bar.stop(),
    };
  }
  let next = 0;
  return {
    update(count, total) {
      if (count < next) return;
      next += total / 10;
      console.log(`${count} of ${total} records`);
    },
    stop: () => {},
  };
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
