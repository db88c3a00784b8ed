// A test process of one version of this package that shares tokens with processes of another version. Each message is a number of requests.
import './end-with-parent.ts';
import axios from 'axios';
import type { AuthRefreshEvent } from '../../src/index.ts';
import type { Round } from './shared-token-script.ts';

const [modules = '', url = '', kind = '', location = '', refreshToken = ''] = process.argv.slice(2);
const isOld = modules !== 'new';
const load = (old: string, current: string) => import(isOld ? `${modules}/${old}` : current);
const { attachAuthRefresh, oauth2Vendor } = await load('index.js', '../../src/index.ts');
const { fileStore } = await load('stores/file-store.js', '../../src/stores/file/index.ts');
const { redisStore } = await load('stores/redis-store.js', '../../src/stores/redis/index.ts');

const events: string[] = [];
const api = axios.create({ baseURL: url, proxy: false });
const store =
  kind === 'redis' ? redisStore({ url: location }) : fileStore({ directory: location, lock: kind });
attachAuthRefresh(api, {
  vendor: oauth2Vendor({
    tokenEndpoint: `${url}/token`,
    clientId: 'client',
    ...(refreshToken ? { refreshToken, tokenKey: 'user' } : { clientSecret: 'secret' }),
  }),
  store,
  retry: false,
  onStoreFailure: 'fail',
  onEvent: (event: AuthRefreshEvent) =>
    events.push('error' in event ? `${event.type} ${event.error.message}` : event.type),
});

process.on('message', async (count: number) => {
  events.length = 0;
  const answers = await Promise.all(
    Array.from({ length: count }, () =>
      api.get('/').then(
        ({ status }) => status,
        (error) => `${error.code} ${error.message}`,
      ),
    ),
  );
  process.send?.({ answers, events } satisfies Round);
});
await store.get('first-call');
process.send?.('ready');
