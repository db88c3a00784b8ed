/**
 * One process of several that share an OAuth client. Started by `fork` with the address of the API, the kind of store and
 * where it is; sends requests when it is told to, and says when it held the new token.
 */
import { Agent } from 'node:http';
import axios from 'axios';
import { attachAuthRefresh, oauth2Vendor, type TokenStore } from 'axios-oauth-refresh';
import { fileStore } from 'axios-oauth-refresh/file-store';
import { redisStore } from 'axios-oauth-refresh/redis-store';
import { createClient } from 'redis';
import '../support/end-with-parent.ts';

/** How a round went in one process. */
export interface RoundResult {
  succeeded: number;
  failed: number;
  /** When it held the new token, by the clock that all processes of a machine share, in nanoseconds. */
  heldAt: string;
}

const REQUESTS = 50;

const [url = '', kind = '', place = ''] = process.argv.slice(2);

async function openStore(): Promise<TokenStore | undefined> {
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
    // Without a store all are answered at the same moment: nothing could be faster than that.
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
