// A test process that shares a token with other processes. Each message is the number of requests to send.
import './end-with-parent.ts';
import { Agent } from 'node:http';
import axios from 'axios';
import { attachAuthRefresh, memoryStore, oauth2Vendor, type SharedTokenStore } from '../../src/index.ts';
import { fileStore } from '../../src/stores/file/file-store.ts';
import { redisStore } from '../../src/stores/redis/redis-store.ts';

/** The results of one round of requests. */
export interface Round {
  /** Status codes of responses and messages of errors. */
  answers: (number | string)[];
  /** The types of events. */
  events: string[];
}

const [url = '', kind = '', location = '', lockExpiry = '', tokenTimeout = ''] = process.argv.slice(2);
const stores: Record<string, () => SharedTokenStore> = {
  file: () => fileStore({ directory: location }),
  lease: () => fileStore({ directory: location, lock: 'lease' }),
  redis: () => redisStore({ url: location, lockExpiry: Number(lockExpiry) }),
  memory: () => memoryStore(),
};
const store = stores[kind]?.();
if (!store) throw new Error(`unknown store ${kind}`);

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
// Load the packages that the store imports on its first call before all processes start at once.
await store.get('first-call');
process.send?.('ready');
