import { Agent, request as httpRequest } from 'node:http';
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import createAuthRefresh3Module from 'axios-auth-refresh-3';
import { createAuthRefresh as createAuthRefresh5 } from 'axios-auth-refresh-5';
import { attachAuthRefresh, oauth2Vendor } from 'axios-oauth-refresh';
import { printTable, quantile, rotated } from './figures.ts';

type Send = (path: string) => Promise<unknown>;

/** Makes a client that holds a token already; the token is revoked before the storm. */
type Contestant = (setup: { url: string; fetchToken: () => Promise<string>; agent: Agent }) => Promise<Send>;

// CommonJS: the function is what was imported or its `default`. The types of both are for axios's CommonJS build.
const createAuthRefresh3 = ((createAuthRefresh3Module as { default?: unknown }).default ??
  createAuthRefresh3Module) as typeof createAuthRefresh5;

const FIRST = 5;
const LAST = 205;

/** One that already does what is asked of it in the fewest steps: one fetch, and each request sent twice. */
function ideal(send: (path: string, token: string) => Promise<{ status: number }>): Contestant {
  return async ({ fetchToken }) => {
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
  };
}

const contestants: Record<string, Contestant> = {
  'ideal client on node:http (the floor)': (setup) =>
    ideal(
      (path, token) =>
        new Promise((resolve, reject) => {
          const headers = { authorization: `Bearer ${token}` };
          httpRequest(setup.url + path, { agent: setup.agent, headers }, (response) => {
            response.resume();
            response.on('end', () => resolve({ status: response.statusCode ?? 0 }));
          })
            .on('error', reject)
            .end();
        }),
    )(setup),

  'ideal client on bare axios': (setup) => {
    const api = instance(setup, { validateStatus: () => true });
    return ideal((path, token) => api.get(path, { headers: { Authorization: `Bearer ${token}` } }))(setup);
  },

  'axios-oauth-refresh': async (setup) => {
    const api = instance(setup);
    const tokenEndpoint = `${setup.url}/token`;
    const { tokens } = attachAuthRefresh(api, {
      vendor: oauth2Vendor({ tokenEndpoint, clientId: 'bench', clientSecret: 'bench' }),
    });
    await tokens.getToken();
    return (path) => api.get(path);
  },

  'axios-auth-refresh 5.0.2': async (setup) => {
    const { api, refresh } = await withTokenOfItsOwn(setup);
    createAuthRefresh5(api as never, refresh);
    return (path) => api.get(path);
  },

  'axios-auth-refresh 3.3.6': async (setup) => {
    const { api, refresh } = await withTokenOfItsOwn(setup);
    createAuthRefresh3(api as never, refresh);
    return (path) => api.get(path);
  },

  'failed-queue pattern': failedQueue,
};

function instance({ url, agent }: { url: string; agent: Agent }, defaults: AxiosRequestConfig = {}) {
  return axios.create({ baseURL: url, httpAgent: agent, proxy: false, ...defaults });
}

/** As the documentation of axios-auth-refresh shows it, with the interceptor that it recommends. */
async function withTokenOfItsOwn(setup: Parameters<Contestant>[0]) {
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

/** What answers and articles have in common: a flag, and a queue of those who came while it was set. */
async function failedQueue(setup: Parameters<Contestant>[0]): Promise<Send> {
  const api: AxiosInstance = instance(setup);
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

interface Run {
  succeeded: number;
  fetches: number;
  wall: number;
  /** Milliseconds of processor time in this process. */
  cpu: number;
}

async function runOnce(contestant: Contestant, url: string, inFlight: number): Promise<Run> {
  const agent = new Agent({ keepAlive: true });
  const control = axios.create({ baseURL: url, proxy: false });
  const fetchToken = async () => (await control.post('/token')).data.access_token as string;
  const send = await contestant({ url, fetchToken, agent });
  await control.post('/revoke');
  globalThis.gc?.();
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  const results = await Promise.allSettled(
    Array.from({ length: inFlight }, (_, i) => {
      const after = FIRST + ((LAST - FIRST) * i) / (inFlight - 1);
      return send(`/data?after=${after.toFixed(1)}`);
    }),
  );
  const wall = performance.now() - before;
  const { user, system } = process.cpuUsage(cpuBefore);
  const { data } = await control.get('/counts');
  agent.destroy();
  return {
    succeeded: results.filter(({ status }) => status === 'fulfilled').length,
    fetches: data.tokens,
    wall,
    cpu: (user + system) / 1000,
  };
}

/** Prints what becomes of many requests whose token has just been revoked. */
export async function storm(url: string, inFlight: number, rounds: number): Promise<void> {
  const names = Object.keys(contestants);
  const runs = new Map<string, Run[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const name of rotated(names, round + names.length)) {
      const run = await runOnce(contestants[name] as Contestant, url, inFlight);
      // The first round warms up.
      if (round >= 0) runs.get(name)?.push(run);
    }
  }
  const wallOf = (name: string | undefined) => quantile((runs.get(name ?? '') ?? []).map(({ wall }) => wall));
  const rows = names.map((name) => {
    const all = runs.get(name) ?? [];
    return [
      name,
      `${range(all.map(({ succeeded }) => succeeded))} of ${inFlight}`,
      range(all.map(({ fetches }) => fetches)),
      wallOf(name).toFixed(0),
      (wallOf(name) / wallOf(names[0])).toFixed(2),
      (wallOf(name) / wallOf(names[1])).toFixed(2),
      quantile(all.map(({ cpu }) => cpu)).toFixed(0),
    ];
  });
  printTable(
    `Storm: ${inFlight} requests in flight, a token that was just revoked, answers after ${FIRST} to ${LAST} ms, token after 30 ms; medians of ${rounds}`,
    ['', 'succeeded', 'token fetches', 'wall ms', 'to the floor', 'to bare axios', 'CPU ms'],
    rows,
  );
}

function range(numbers: readonly number[]): string {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return low === high ? String(low) : `${low} to ${high}`;
}
