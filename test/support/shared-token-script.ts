// Run as a process of its own by the tests: sends requests that share a token with other processes, as it is told by messages.
import './end-with-parent.ts';
import { Agent } from 'node:http';
import axios from 'axios';
import { attachAuthRefresh, memoryStore, oauth2Vendor, type SharedTokenStore } from '../../src/index.ts';
import { fileStore } from '../../src/stores/file/file-store.ts';
import { redisStore } from '../../src/stores/redis/redis-store.ts';

/** How a round of requests went. */
export interface Round {
  /** Statuses of requests and codes of errors. */
  answers: (number | string)[];
  /** The types of events. */
  events: string[];
}

const [url = '', kind = '', place = '', lockExpiry = '', tokenTimeout = ''] = process.argv.slice(2);
const stores: Record<string, () => SharedTokenStore> = {
  file: () => fileStore({ directory: place }),
  lease: () => fileStore({ directory: place, lock: 'lease' }),
  redis: () => redisStore({ url: place, lockExpiry: Number(lockExpiry) }),
  memory: () => memoryStore(),
};
const store = stores[kind]?.();
if (!store) throw new Error(`no store ${kind}`);

const events: string[] = [];
const api = axios.create({ baseURL: url, proxy: false, httpAgent: new Agent({ keepAlive: true }) });
attachAuthRefresh(api, {
  vendor: oauth2Vendor({ tokenEndpoint: `${url}/oauth/token`, clientId: 'client', clientSecret: 'secret' }),
  store,
  retry: false,
  tokenTimeout: Number(tokenTimeout),
  onEvent({ type }) {
    events.push(type);
    process.send?.({ event: type });
  },
});

process.on('message', async (count: number) => {
  events.length = 0;
  const answers = await Promise.all(
    Array.from({ length: count }, () =>
      api.get('/data').then(
        ({ status }) => status,
        (error) => `${error.code} ${error.message}`,
      ),
    ),
  );
  process.send?.({ answers, events } satisfies Round);
});
// The packages that it needs are loaded with the first call, by all processes at once.
await store.get('first-call');
process.send?.('ready');
