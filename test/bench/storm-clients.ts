import { readFileSync } from 'node:fs';
import { type Agent, request as httpRequest } from 'node:http';
import { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client';
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import createAuthRefresh3Module from 'axios-auth-refresh-3';
import { createAuthRefresh as createAuthRefresh5 } from 'axios-auth-refresh-5';
import { applyAuthTokenInterceptor, setAuthTokens } from 'axios-jwt';
import { attachAuthRefresh, oauth2Vendor } from 'axios-oauth-refresh';

/** Sends a GET request and rejects unless the answer is a success. */
type Send = (path: string) => Promise<unknown>;

interface StormSetup {
  url: string;
  fetchToken: () => Promise<string>;
  agent: Agent;
}

/** Creates a client that already holds a token. */
export type StormClient = (setup: StormSetup) => Promise<Send>;

// A CommonJS package: depending on the loader, the import is the function or an object with `default`. The types of both
// versions are written for the CommonJS build of axios.
const createAuthRefresh3 = ((createAuthRefresh3Module as { default?: unknown }).default ??
  createAuthRefresh3Module) as typeof createAuthRefresh5;

const modules = new URL('../../node_modules/', import.meta.url);

/** Returns the published name and the installed version of a package. */
function named(directory: URL): string {
  const { name, version } = JSON.parse(readFileSync(new URL('package.json', directory), 'utf8'));
  return `${name} ${version}`;
}

export const ours = named(new URL('../../', import.meta.url));
const authRefresh5 = named(new URL('axios-auth-refresh-5/', modules));
const authRefresh3 = named(new URL('axios-auth-refresh-3/', modules));
const axiosJwt = named(new URL('axios-jwt/', modules));
const oauth2Client = named(new URL('@badgateway/oauth2-client/', modules));

export const FLOOR = 'ideal client on node:http (the floor)';
export const BARE_AXIOS = 'ideal client on bare axios';

export const stormClients: Record<string, StormClient> = {
  [FLOOR]: (setup) =>
    ideal(setup, (path, token) => {
      const headers = { authorization: `Bearer ${token}` };
      return new Promise((resolve, reject) => {
        httpRequest(setup.url + path, { agent: setup.agent, headers }, (response) => {
          response.resume();
          response.on('end', () => resolve({ status: response.statusCode ?? 0 }));
        })
          .on('error', reject)
          .end();
      });
    }),

  [BARE_AXIOS]: (setup) => {
    const api = instance(setup, { validateStatus: () => true });
    return ideal(setup, (path, token) => api.get(path, { headers: { Authorization: `Bearer ${token}` } }));
  },

  [ours]: async (setup) => {
    const api = instance(setup);
    const tokenEndpoint = `${setup.url}/token`;
    const { tokens } = attachAuthRefresh(api, {
      vendor: oauth2Vendor({ tokenEndpoint, clientId: 'bench', clientSecret: 'bench' }),
    });
    await tokens.getToken();
    return (path) => api.get(path);
  },

  // The default is `deduplicateRefresh: true`, which the README recommends "for most applications".
  [`${authRefresh5}, defaults`]: async (setup) => {
    const { api, refresh } = await withOwnToken(setup);
    createAuthRefresh5(api as never, refresh);
    return (path) => api.get(path);
  },

  // With the default, a 401 that arrives during a refresh is passed on as an error. With `false`, the request waits for the
  // refresh and is sent again. `refresh` uses another instance, so it needs no `skipAuthRefresh`.
  [`${authRefresh5}, deduplicateRefresh: false`]: async (setup) => {
    const { api, refresh } = await withOwnToken(setup);
    createAuthRefresh5(api as never, refresh, { deduplicateRefresh: false });
    return (path) => api.get(path);
  },

  // The default is `pauseInstanceWhileRefreshing: false`, the counterpart of `deduplicateRefresh: false`. With `true`, a 401 that
  // arrives during a refresh is passed on as an error.
  [`${authRefresh3}, defaults`]: async (setup) => {
    const { api, refresh } = await withOwnToken(setup);
    createAuthRefresh3(api as never, refresh);
    return (path) => api.get(path);
  },

  // The pattern has no package: see `failedQueue`.
  'failed-queue pattern': failedQueue,

  // As the README shows, with a storage of its documented StorageType, because Node has no localStorage. The refresh function
  // uses another axios instance, as the README demands. The library has no option for 401: it decides by the expiry in the token.
  [axiosJwt]: async (setup) => {
    const api = instance(setup);
    const stored = new Map<string, string>();
    const storage = {
      get: async (key: string) => stored.get(key) ?? null,
      set: async (key: string, value: string) => void stored.set(key, value),
      remove: async (key: string) => void stored.delete(key),
    };
    applyAuthTokenInterceptor(api as never, { requestRefresh: setup.fetchToken, getStorage: () => storage });
    await setAuthTokens({ accessToken: await setup.fetchToken(), refreshToken: 'refresh' });
    return (path) => api.get(path);
  },

  // The fetch wrapper with client credentials, as the README shows. It has no option about concurrent requests.
  [`${oauth2Client} (fetch)`]: async ({ url }) => {
    const client = new OAuth2Client({
      tokenEndpoint: `${url}/token`,
      clientId: 'bench',
      clientSecret: 'bench',
    });
    const wrapper = new OAuth2Fetch({ client, getNewToken: () => client.clientCredentials() });
    await wrapper.getToken();
    return async (path) => {
      const response = await wrapper.fetch(url + path);
      // Read the body in any case: otherwise the connection stays occupied.
      const body = await response.json();
      if (!response.ok) throw new Error(String(response.status));
      return body;
    };
  },
};

/** The clients that know when their token expires, without asking the API. */
export const foresightClients = [ours, axiosJwt, `${oauth2Client} (fetch)`];

/** Takes as few steps as possible: fetches one token, and sends each request twice. */
async function ideal(
  { fetchToken }: StormSetup,
  send: (path: string, token: string) => Promise<{ status: number }>,
): Promise<Send> {
  const stale = await fetchToken();
  let fresh: Promise<string> | undefined;
  return async (path) => {
    const first = await send(path, stale);
    if (first.status !== 401) return first;
    fresh ??= fetchToken();
    const second = await send(path, await fresh);
    if (second.status !== 200) throw new Error(String(second.status));
    return second;
  };
}

function instance({ url, agent }: StormSetup, defaults: AxiosRequestConfig = {}): AxiosInstance {
  return axios.create({ baseURL: url, httpAgent: agent, proxy: false, ...defaults });
}

/** Does what the README of axios-auth-refresh shows, with the request interceptor that it recommends. */
async function withOwnToken(setup: StormSetup) {
  const api = instance(setup);
  let token = await setup.fetchToken();
  api.interceptors.request.use((config) => {
    config.headers.Authorization = `Bearer ${token}`;
    return config;
  });
  const refresh = async (failed: { response: { config: { headers: Record<string, unknown> } } }) => {
    token = await setup.fetchToken();
    failed.response.config.headers.Authorization = `Bearer ${token}`;
  };
  return { api, refresh };
}

/** The common form in articles and answers: a flag, and a queue of the requests that fail while the flag is set. */
async function failedQueue(setup: StormSetup): Promise<Send> {
  const api = instance(setup);
  const setToken = (token: string) => {
    api.defaults.headers.common.Authorization = `Bearer ${token}`;
  };
  setToken(await setup.fetchToken());
  let isRefreshing = false;
  let queue: { resolve: (token: string) => void; reject: (error: unknown) => void }[] = [];

  api.interceptors.response.use(undefined, async (error) => {
    const original = error.config as AxiosRequestConfig & { _retry?: boolean };
    if (error.response?.status !== 401 || original._retry) throw error;
    original._retry = true;
    const replay = (token: string) => {
      original.headers = { ...original.headers, Authorization: `Bearer ${token}` } as never;
      return api.request(original);
    };
    if (isRefreshing) {
      return replay(await new Promise<string>((resolve, reject) => queue.push({ resolve, reject })));
    }
    isRefreshing = true;
    try {
      const token = await setup.fetchToken();
      setToken(token);
      for (const { resolve } of queue) resolve(token);
      return replay(token);
    } catch (failure) {
      for (const { reject } of queue) reject(failure);
      throw failure;
    } finally {
      queue = [];
      isRefreshing = false;
    }
  });
  return (path) => api.get(path);
}
