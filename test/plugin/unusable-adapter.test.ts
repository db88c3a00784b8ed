import newestAxios, { type AxiosInstance } from 'axios';
import otherAxios from 'axios-other-copy';
import { describe, expect, it, vi } from 'vitest';
import type { attachAuthRefresh } from '../../src/plugin/attach.ts';
import { oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { startFixture } from '../support/fixture.ts';

const UNUSABLE: unknown[] = [
  'nope',
  'toString',
  [],
  ['nope', 'xhr'],
  ['xhr', 'nope'],
  'xhr',
  [null],
  [false],
  [{}],
  5,
  {},
  true,
  Symbol('adapter'),
];

/** Imports the plugin with a version of axios, as an application does that has installed this version. */
async function pluginWith(axios: unknown): Promise<typeof attachAuthRefresh> {
  vi.resetModules();
  vi.doMock('axios', () => ({ default: axios }));
  const { attachAuthRefresh: attach } = await import('../../src/plugin/attach.ts');
  vi.doUnmock('axios');
  return attach;
}

/** Returns what a request with an adapter says, and whether it throws instead of rejecting. */
async function outcome(api: AxiosInstance, adapter: unknown): Promise<object> {
  let answer: Promise<object>;
  try {
    answer = api.get('/data', { adapter: adapter as string });
  } catch (thrown) {
    return { thrown };
  }
  return answer.then(
    () => ({ answered: true }),
    ({ name, code, message }) => ({ name, code, message }),
  );
}

describe.each([
  ['1.5.0', otherAxios as unknown as typeof newestAxios],
  [newestAxios.VERSION, newestAxios],
])('a request with an adapter that axios %s cannot use', (_, axios) => {
  it.each(UNUSABLE)('rejects with the error of axios: %j', async (adapter) => {
    const attach = await pluginWith(axios);
    const fixture = await startFixture();
    const plain = axios.create({ baseURL: fixture.url });
    const api = axios.create({ baseURL: fixture.url });
    const tokenEndpoint = `${fixture.url}/token`;
    attach(api, { vendor: oauth2Vendor({ tokenEndpoint, clientId: 'a', clientSecret: 'b' }) });
    const expected = await outcome(plain, adapter);
    expect(expected).toHaveProperty('message');
    expect(await outcome(api, adapter)).toEqual(expected);
    expect(fixture.tokenRequests).toHaveLength(0);
  });
});

describe('attachAuthRefresh', () => {
  const vendor = oauth2Vendor({
    tokenEndpoint: 'https://id.example.com/token',
    clientId: 'a',
    clientSecret: 'b',
  });

  it.each(['0.27.2', '1.4.0'])('names axios %s, which is too old', async (VERSION) => {
    const old = { ...newestAxios, VERSION, getAdapter: undefined };
    const attach = await pluginWith(old);
    expect(() => attach(newestAxios.create(), { vendor })).toThrow(
      `attachAuthRefresh: axios ${VERSION} is too old: axios-oauth-refresh supports axios 1.5.0 to 1.x.`,
    );
  });

  it('warns about an untested major version of axios, and works', async () => {
    const warnings: string[] = [];
    const add = ({ message }: Error) => warnings.push(message);
    process.on('warning', add);
    const attach = await pluginWith(Object.assign(Object.create(newestAxios), { VERSION: '2.0.0' }));
    attach(newestAxios.create(), { vendor });
    await new Promise(setImmediate);
    process.off('warning', add);
    expect(warnings).toEqual(['axios 2.0.0 is untested: axios-oauth-refresh supports axios 1.5.0 to 1.x']);
  });
});
