// Runs the leak table with plain axios and with the plugin, in the runtime that executes this file.
import axios from 'axios';
import { attachAuthRefresh, oauth2Vendor } from 'axios-oauth-refresh';
import { createSinks, runLeakTable, TOKEN } from '../support/leak-table.mjs';

/** @type {Parameters<typeof runLeakTable>[0]['sinks']} */
const sinks = {
  ...createSinks(import.meta.filename),
  // Bun and Deno have a console of their own. The test reads its output.
  'global console.log': (value) => console.log(value),
  'global console.error': (value) => console.error(value),
  'global console.dir': (value) => console.dir(value),
};
const plain = await runLeakTable({
  axios,
  authorize: (api) => {
    api.defaults.headers.common.Authorization = `Bearer ${TOKEN}`;
  },
  sinks,
  only: ['http adapter', 'a response', 'a status 500'],
});
console.log(process.argv.at(-1));
console.error(process.argv.at(-1));
const attached = await runLeakTable({
  axios,
  authorize: (api, url) =>
    attachAuthRefresh(api, {
      vendor: oauth2Vendor({ tokenEndpoint: `${url}/token`, clientId: 'client', clientSecret: 'secret' }),
      retry: { baseDelay: 1 },
    }),
  sinks,
});
const found = new Set(plain.leaks.map(({ sink }) => sink));
console.log(JSON.stringify({ found: [...found], leaks: attached.leaks, checks: attached.checks }));
process.exit();
