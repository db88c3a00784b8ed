// Run as a process of its own by the tests: makes one call, says that it has its answer, and is done.
import axios from 'axios';
import { attachAuthRefresh } from '../../src/plugin/attach.ts';
import { oauth2Vendor } from '../../src/vendors/oauth2.ts';

const [url = '', second] = process.argv.slice(2);
const api = axios.create({ baseURL: url, proxy: false });
attachAuthRefresh(api, {
  tokenTimeout: 1000,
  vendor: oauth2Vendor({ tokenEndpoint: `${url}/oauth/token`, clientId: 'client', clientSecret: 'secret' }),
});
const { status } = await api.get('/data');
if (second) {
  // By now the token is stale: a refresh begins in the background, while this answers.
  await new Promise((resolve) => setTimeout(resolve, Number(second)));
  await api.get('/data');
}
console.log(`done ${status}`);
