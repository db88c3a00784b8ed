/**
 * One contestant of the steady state, in a process of its own: what the optimizer learns from one of them neither
 * helps nor harms another. Started by `fork` with the contestant's name and the server's address.
 */
import { Agent } from 'node:http';
import axios, { type AxiosInstance } from 'axios';
import { attachAuthRefresh, type RetryOptions, type Vendor } from 'axios-oauth-refresh';
import axiosRetryModule from 'axios-retry';

export interface Sample {
  /** Requests in a second. */
  rate: number;
  /** Microseconds of processor time for one request, in this process. */
  cpu: number;
}

const IN_FLIGHT = 16;
const TOKEN = 'a-token-of-usual-length-'.repeat(4);

const axiosRetry = (axiosRetryModule as { default?: typeof axiosRetryModule }).default ?? axiosRetryModule;

/** A vendor whose token is there at once and lasts: the token request is not what is measured. */
const instantVendor: Vendor = {
  name: 'Benchmark',
  tokenKey: 'benchmark',
  resourceOrigins: [],
  grant: async () => ({ accessToken: TOKEN, lifetime: 3_600_000 }),
};

/** An instance with a keep-alive agent; all contestants have the same. */
function bare(baseURL: string): AxiosInstance {
  const httpAgent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  return axios.create({ baseURL, httpAgent, proxy: false });
}

function byHand(baseURL: string): AxiosInstance {
  const api = bare(baseURL);
  api.interceptors.request.use((config) => {
    config.headers.set('Authorization', `Bearer ${TOKEN}`);
    return config;
  });
  return api;
}

export function ours(baseURL: string, retry: RetryOptions | false = {}): AxiosInstance {
  const api = bare(baseURL);
  attachAuthRefresh(api, { vendor: instantVendor, retry });
  return api;
}

export const contestants: Record<string, (baseURL: string) => AxiosInstance> = {
  'bare axios, no header': bare,
  'by hand': byHand,
  'by hand, with axios-retry': (baseURL) => {
    const api = byHand(baseURL);
    axiosRetry(api, { retries: 3 });
    return api;
  },
  'ours, retry: false': (baseURL) => ours(baseURL, false),
  ours,
};

/** Sends requests, a fixed number of them at any time. */
export async function load(api: AxiosInstance, url: string, requests: number): Promise<void> {
  let left = requests;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (left-- > 0) await api.get(url);
    }),
  );
}

async function measure(api: AxiosInstance, url: string, requests: number): Promise<Sample> {
  globalThis.gc?.();
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  await load(api, url, requests);
  const seconds = (performance.now() - before) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { rate: requests / seconds, cpu: (user + system) / requests };
}

const [name = '', baseURL = '', url = ''] = process.argv.slice(2);
const create = contestants[name];
if (process.send && create) {
  const api = create(baseURL);
  process.on('message', async (requests: number) => process.send?.(await measure(api, url, requests)));
  process.on('disconnect', () => process.exit());
}
