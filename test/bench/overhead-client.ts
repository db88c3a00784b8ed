/** One client of the overhead benchmark. Start this file with `startClient` and give it the client's name. */
import axios, {
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosInstance,
  type InternalAxiosRequestConfig,
} from 'axios';
import { attachAuthRefresh, type RetryOptions } from 'axios-oauth-refresh';
import { serveSamples } from './client-process.ts';
import { instantVendor, TOKEN } from './instant-vendor.ts';

const REWARM = 3_000;
const BODY = JSON.stringify({ ok: true });

/** Answers at once, without a network, and therefore without a request object. */
const instantAdapter: AxiosAdapter = async (config) => ({
  data: BODY,
  status: 200,
  statusText: 'OK',
  headers: new AxiosHeaders({ 'content-type': 'application/json' }),
  config,
  request: undefined,
});

function bare(): AxiosInstance {
  return axios.create({ baseURL: 'https://api.example.com', adapter: instantAdapter });
}

function byHand(): AxiosInstance {
  const api = bare();
  api.interceptors.request.use((config) => {
    config.headers.set('Authorization', `Bearer ${TOKEN}`);
    return config;
  });
  return api;
}

/**
 * Does what every correct guard must do, and nothing else: the caller's config must never hold the token, because callers
 * log it and send it again. It does not check the origin or the status, and redacts nothing.
 */
function minimalGuard(): AxiosInstance {
  const api = bare();
  api.interceptors.request.use(
    (config) => {
      const inner = axios.getAdapter(config.adapter, config);
      config.adapter = (own) => sendCopy(own, inner);
      return config;
    },
    null,
    { synchronous: true },
  );
  return api;
}

/** Copies with the public API of axios. The plugin copies faster, with `Object.assign`. */
async function sendCopy(config: InternalAxiosRequestConfig, inner: AxiosAdapter) {
  const headers = new AxiosHeaders(config.headers);
  headers.set('Authorization', `Bearer ${TOKEN}`);
  const response = await inner({ ...config, headers });
  response.config = config;
  return response;
}

function ours(retry: RetryOptions | false): AxiosInstance {
  const api = bare();
  attachAuthRefresh(api, { vendor: instantVendor, retry });
  return api;
}

export const MINIMAL = 'minimal guard';

export const overheadClients: Record<string, () => AxiosInstance> = {
  'interceptor by hand': byHand,
  [MINIMAL]: minimalGuard,
  'ours, retry: false': () => ours(false),
  'ours, default retry': () => ours({}),
};

/** Sends requests one after another. */
async function send(api: AxiosInstance, requests: number): Promise<void> {
  for (let i = 0; i < requests; i++) await api.get('/data');
}

/** Returns the CPU time of one request in microseconds. */
async function measure(api: AxiosInstance, requests: number): Promise<number> {
  // The other clients have used the processor since the last sample. And no garbage collection here: it discards compiled code.
  await send(api, REWARM);
  const before = process.cpuUsage();
  await send(api, requests);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
}

const create = overheadClients[process.argv[2] ?? ''];
if (process.send && create) {
  const api = create();
  serveSamples((requests) => measure(api, requests));
}
