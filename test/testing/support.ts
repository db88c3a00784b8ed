import axios, { type AxiosInstance } from 'axios';
import { afterEach } from 'vitest';
import {
  type SimulatorOptions,
  startVendorSimulator,
  type VendorSimulator,
} from '../../src/testing/index.ts';

export const QUERY = '/api/v2/analytics/conversations/details/query';
export const JOBS = '/api/v2/analytics/conversations/details/jobs';

const running: VendorSimulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((sim) => sim.close()));
});

/** Starts a simulator that is closed after the test. */
export async function start(options?: SimulatorOptions): Promise<VendorSimulator> {
  const sim = await startVendorSimulator(options);
  running.push(sim);
  return sim;
}

/** Returns an axios instance with a valid token that resolves with any status. */
export function client(sim: VendorSimulator, vendor: 'genesys' | 'cxone' = 'genesys'): AxiosInstance {
  return axios.create({
    baseURL: sim.url,
    validateStatus: () => true,
    headers: { Authorization: `Bearer ${sim.issueToken(vendor)}` },
  });
}

/** Returns an axios instance without a token that resolves with any status. */
export function anonymous(sim: VendorSimulator): AxiosInstance {
  return axios.create({ baseURL: sim.url, validateStatus: () => true });
}

/** Posts a form to a token endpoint. */
export function postForm(
  sim: VendorSimulator,
  path: string,
  form: Record<string, string>,
  basic: [string, string] | null = [sim.clientId, sim.clientSecret],
) {
  const headers = basic && { Authorization: `Basic ${Buffer.from(basic.join(':')).toString('base64')}` };
  return anonymous(sim).post(path, new URLSearchParams(form), { headers: headers ?? {} });
}

/** Returns the code of the network error of a request. */
export async function networkError(request: Promise<unknown>): Promise<string> {
  try {
    await request;
  } catch (error) {
    return axios.isAxiosError(error) ? (error.code ?? error.message) : String(error);
  }
  return 'no error';
}
