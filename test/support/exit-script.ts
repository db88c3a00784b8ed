// A process of the tests: sends one request, prints the status of its response, and ends.
import axios from 'axios';
import './end-with-parent.ts';
import { attachAuthRefresh } from '../../src/plugin/attach.ts';
import { oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { createShiftedClock } from './shifted-clock.ts';

const [url = '', shift] = process.argv.slice(2);
const clock = createShiftedClock();
const api = axios.create({ baseURL: url, proxy: false });
attachAuthRefresh(api, {
  clock,
  // Without a second call no timer may remain, so a remaining one keeps this process alive for an hour.
  tokenTimeout: shift ? 1000 : 3_600_000,
  vendor: oauth2Vendor({ tokenEndpoint: `${url}/oauth/token`, clientId: 'client', clientSecret: 'secret' }),
});
const { status } = await api.get('/data');
if (shift) {
  // The token is stale then, so this request starts a refresh in the background.
  clock.shift(Number(shift));
  await api.get('/data');
}
console.log(`done ${status}`);
