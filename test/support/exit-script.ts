// A process of the tests: sends one request, prints the status of its response, and ends.
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
  // The token is stale by now, so this request starts a refresh in the background.
  await new Promise((resolve) => setTimeout(resolve, Number(second)));
  await api.get('/data');
}
console.log(`done ${status}`);
