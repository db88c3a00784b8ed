// A test process that sends one request with a refresh token from a store, and prints the status or the error.
import './end-with-parent.ts';
import axios from 'axios';
import { attachAuthRefresh, oauth2Vendor } from '../../src/index.ts';
import { fileStore } from '../../src/stores/file/index.ts';
import { redisStore } from '../../src/stores/redis/index.ts';

const [url = '', kind = '', location = '', refreshToken = '', scope = ''] = process.argv.slice(2);
const store =
  kind === 'redis'
    ? redisStore({ url: location })
    : fileStore({ directory: location, lock: kind as 'lease' });
const api = axios.create({ baseURL: url, proxy: false });
attachAuthRefresh(api, {
  vendor: oauth2Vendor({ tokenEndpoint: `${url}/token`, clientId: 'client', refreshToken, scope }),
  store,
  onStoreFailure: 'fail',
  retry: false,
});
const outcome = await api.get(`/${scope}`).then(
  ({ status }) => `${status}`,
  (error) => `${error.code} ${error.message}`,
);
process.stdout.write(outcome);
await store.close();
