// A process of the chaos test of nights: exports the days that have ended, at the time that its parent sets.
import axios from 'axios';
import { exportDays, genesysConversations } from '../../src/batch/index.ts';
import { systemClock } from '../../src/core/internal.ts';
import { attachAuthRefresh } from '../../src/index.ts';
import { genesysCloud } from '../../src/vendors/genesys-cloud.ts';
import { OUTPUTS, type OutputName } from './nights-outputs.ts';

/** The argument of this process, as JSON. */
export interface NightsExport {
  vendor: { url: string; clientId: string; clientSecret: string };
  output: OutputName;
  /** Where the output is: a directory or a database. */
  location: string;
  now: number;
  speed: number;
  since: string;
  timeZone: string;
  reread: number;
  pageSize: number;
}

const own: NightsExport = JSON.parse(process.argv[2] ?? '');
const { url: envUrl, clientId, clientSecret } = own.vendor;
const began = performance.now();
const clock = {
  ...systemClock,
  now: () => Math.floor(own.now + (performance.now() - began) * own.speed),
};
const api = axios.create({ baseURL: envUrl, proxy: false });
attachAuthRefresh(api, { vendor: genesysCloud({ envUrl, clientId, clientSecret }) });
const { records, outside } = await exportDays({
  api,
  account: clientId,
  clock,
  days: { since: own.since },
  timeZone: own.timeZone,
  reread: own.reread,
  rate: { requests: 10_000, interval: 1000 },
  source: ({ interval }) => genesysConversations({ interval, pageSize: own.pageSize, clock }),
  sink: (day) => OUTPUTS[own.output].sink(own.location, day),
});
console.log(JSON.stringify({ records, outside }));
