/** One client of the steady state. Start this file with `startClient` and give it the client's name and the server's address. */
import { Agent } from 'node:http';
import axios, { type AxiosInstance } from 'axios';
import { attachAuthRefresh, type RetryOptions } from 'axios-oauth-refresh';
import axiosRetryModule from 'axios-retry';
import { IN_FLIGHT, load, serveSamples } from './client-process.ts';
import { instantVendor, TOKEN } from './instant-vendor.ts';

export interface Sample {
  /** Requests in a second. */
  rate: number;
  /** CPU time for one request in this process, in microseconds. */
  cpu: number;
}

const axiosRetry = (axiosRetryModule as { default?: typeof axiosRetryModule }).default ?? axiosRetryModule;

/** Creates an instance with a keep-alive agent, as all clients have. */
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

export const steadyClients: Record<string, (baseURL: string) => AxiosInstance> = {
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
const create = steadyClients[name];
if (process.send && create) {
  const api = create(baseURL);
  serveSamples((requests) => measure(api, url, requests));
}
