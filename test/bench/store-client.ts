/**
 * One of several processes that share an OAuth client. Start this file with `fork` and give it the address of the API, the kind of
 * store and the store's location. On each message, the process sends its requests and then reports when it held the new token.
 */
import { Agent } from 'node:http';
import axios from 'axios';
import { attachAuthRefresh, oauth2Vendor, type SharedTokenStore } from 'axios-oauth-refresh';
import { fileStore } from 'axios-oauth-refresh/file-store';
import { redisStore } from 'axios-oauth-refresh/redis-store';
import { createClient } from 'redis';
import '../support/end-with-parent.ts';

/** The result of one round in one process. */
export interface RoundResult {
  succeeded: number;
  failed: number;
  /** Time at which the process held the new token in nanoseconds, on the clock that all processes of a machine share. */
  heldAt: string;
}

const REQUESTS = 50;

const [url = '', kind = '', place = ''] = process.argv.slice(2);

async function openStore(): Promise<SharedTokenStore | undefined> {
  switch (kind) {
    case 'file':
      return fileStore({ directory: place, lock: 'kernel' });
    case 'lease':
      return fileStore({ directory: place, lock: 'lease' });
    case 'ioredis':
      return redisStore({ url: place });
    case 'redis':
      return redisStore({ client: await createClient({ url: place }).connect() });
    default:
      return undefined;
  }
}

const api = axios.create({
  baseURL: url,
  proxy: false,
  httpAgent: new Agent({ keepAlive: true, maxSockets: REQUESTS }),
});
let heldAt = 0n;
const store = await openStore();
attachAuthRefresh(api, {
  vendor: oauth2Vendor({
    // Without a store, all token requests are answered at the same moment: no store can be faster.
    tokenEndpoint: `${url}/token?keep&after=400${store ? '' : `&together=${place}`}`,
    clientId: 'client',
    clientSecret: 'secret',
  }),
  ...(store && { store }),
  onEvent(event) {
    if (event.type === 'refresh-succeeded') heldAt = process.hrtime.bigint();
    if (event.type === 'store-lock-acquired') process.send?.({ locked: String(process.hrtime.bigint()) });
    if (event.type === 'store-failed') console.error(event.error.message);
  },
});

process.on('message', async () => {
  const answers = await Promise.allSettled(Array.from({ length: REQUESTS }, () => api.get('/data?after=0')));
  const succeeded = answers.filter(({ status }) => status === 'fulfilled').length;
  process.send?.({ succeeded, failed: REQUESTS - succeeded, heldAt: String(heldAt) } satisfies RoundResult);
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
