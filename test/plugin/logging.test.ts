import axios from 'axios';
import { describe, expect, it } from 'vitest';
import { attachAuthRefresh } from '../../src/plugin/attach.ts';
import { oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { selfSigned } from '../support/certificate.ts';
import { createSinks, runLeakTable, TOKEN } from '../support/leak-table.mjs';

const sinks = createSinks(import.meta.filename);

describe('the printed or copied outcome of a request', () => {
  it('contains the token with plain axios, in every sink', async () => {
    const { leaks } = await runLeakTable({
      axios,
      authorize: (api) => {
        api.defaults.headers.common.Authorization = `Bearer ${TOKEN}`;
      },
      sinks,
      only: ['http adapter', 'a response', 'a status 500'],
    });
    expect(new Set(leaks.map(({ sink }) => sink))).toEqual(new Set(Object.keys(sinks)));
  });

  it('contains no token with the plugin', async () => {
    const { leaks } = await runLeakTable({
      axios,
      authorize: (api, url) =>
        attachAuthRefresh(api, {
          vendor: oauth2Vendor({ tokenEndpoint: `${url}/token`, clientId: 'client', clientSecret: 'secret' }),
          retry: { baseDelay: 1 },
        }),
      sinks,
      certificate: selfSigned(),
    });
    expect(leaks).toEqual([]);
  });
});
