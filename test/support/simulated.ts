import axios, { type AxiosInstance } from 'axios';
import { onTestFinished } from 'vitest';
import { type AuthRefreshOptions, attachAuthRefresh, type Vendor } from '../../src/index.ts';
import {
  type SimulatorOptions,
  startVendorSimulator,
  type VendorSimulator,
} from '../../src/testing/index.ts';

/** Starts a simulator that is closed when the test ends. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<VendorSimulator> {
  const simulator = await startVendorSimulator(options);
  onTestFinished(() => simulator.close());
  return simulator;
}

/** Returns an axios instance with the plugin, without a base URL and with short retry delays. */
export function attached(vendor: Vendor, options: Partial<AuthRefreshOptions> = {}): AxiosInstance {
  const api = axios.create({ proxy: false });
  attachAuthRefresh(api, { vendor, tokenRetryDelay: 5, retry: { baseDelay: 5 }, ...options });
  return api;
}
