/**
 * Runs code blocks of the documentation in a process of its own. Started by `fork` with `true` or `false` (whether to storm
 * what a block exports) and the files; tells the outcome of each.
 */
import './end-with-parent.ts';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { AxiosInstance } from 'axios';
import { startVendorSimulator } from '../../src/testing/index.ts';
import { keepOnLoopback, startExampleServer, startPublicFace } from './doc-servers.ts';

/** How a block did. */
export interface BlockOutcome {
  file: string;
  error?: string;
  /** Of 20 requests whose token was revoked before they were sent. */
  storm?: { succeeded: number; fetches: number };
}

/** What a block may export for the storm. */
interface Exports {
  /** Sends to the example API. */
  api?: AxiosInstance;
  /** Reads a page from Genesys Cloud. */
  readPage?: (pageNumber: number) => Promise<unknown>;
}

const TIME_LIMIT = 20_000;
const REQUESTS = 20;

const [storming, ...files] = process.argv.slice(2);
const simulator = await startVendorSimulator({ records: 400 });
const example = await startExampleServer();
const cxonePort = await startPublicFace(simulator.url, 'https://cxone.niceincontact.com');
keepOnLoopback((host) => {
  if (host.endsWith('example.com')) return example.port;
  return host === 'cxone.niceincontact.com' ? cxonePort : Number(new URL(simulator.url).port);
});
const { url, clientId, clientSecret, accessKeyId, accessKeySecret } = simulator;
Object.assign(process.env, {
  GENESYS_ENV_URL: url,
  GENESYS_CLIENT_ID: clientId,
  GENESYS_CLIENT_SECRET: clientSecret,
  CLIENT_ID: clientId,
  CLIENT_SECRET: clientSecret,
});
const CXONE = {
  CXONE_CLIENT_ID: clientId,
  CXONE_CLIENT_SECRET: clientSecret,
  CXONE_ACCESS_KEY_ID: accessKeyId,
  CXONE_ACCESS_KEY_SECRET: accessKeySecret,
};
writeFileSync('contacts.csv', 'customerId,phone\n1,+4930123\n2,+4930456\n');
writeFileSync('contacts.json', JSON.stringify([{ id: '1', data: { phone: '+4930123' } }]));

for (const file of files) {
  // Only where they are used: `vendorFromEnvironment` refuses the credentials of two vendors.
  const used = readFileSync(file, 'utf8').includes('CXONE_') ? CXONE : {};
  Object.assign(process.env, used);
  const outcome: BlockOutcome = { file, ...(await outcomeOf(file)) };
  // Without the wait, `process.exit` can drop the last message.
  await new Promise((sent) => process.send?.(outcome, sent));
  for (const name of Object.keys(used)) delete process.env[name];
  process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM');
}
process.exit(0);

async function outcomeOf(file: string): Promise<Omit<BlockOutcome, 'file'>> {
  try {
    const exports: Exports = await inTime(import(pathToFileURL(file).href));
    return storming === 'true' ? { storm: await inTime(storm(exports)) } : {};
  } catch (error) {
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : inspect(error) };
  }
}

/** Revokes the token and sends many requests at once; half of them are answered when the refresh is over. */
async function storm({ api, readPage }: Exports): Promise<NonNullable<BlockOutcome['storm']>> {
  const send = (n: number) =>
    readPage ? readPage(n + 1) : api?.get(n % 2 === 0 ? `/contacts/${n}` : `/contacts/${n}/late`);
  await send(0);
  example.revokeTokens(REQUESTS);
  simulator.revokeTokens();
  const before = simulator.counts.tokenRequests;
  const results = await Promise.allSettled(Array.from({ length: REQUESTS }, (_, n) => send(n)));
  return {
    succeeded: results.filter(({ status }) => status === 'fulfilled').length,
    fetches: example.fetches + simulator.counts.tokenRequests - before,
  };
}

function inTime<T>(work: Promise<T>): Promise<T> {
  const expired = delay(TIME_LIMIT, undefined, { ref: false }).then(() => {
    throw new Error(`not done after ${TIME_LIMIT / 1000} s`);
  });
  return Promise.race([work, expired]);
}
