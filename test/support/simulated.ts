import axios, { type AxiosInstance } from 'axios';
import { onTestFinished } from 'vitest';
import { type AuthRefreshOptions, attachAuthRefresh, type Vendor } from '../../src/index.ts';
import {
  type SimulatorOptions,
  startVendorSimulator,
  type VendorSimulator,
} from '../../src/testing/index.ts';

/** A simulator that is closed when the test ends. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<VendorSimulator> {
  const simulator = await startVendorSimulator(options);
  onTestFinished(() => simulator.close());
  return simulator;
}

/** An instance without a base URL, attached with a vendor, quick to retry. */
export function attached(vendor: Vendor, options: Partial<AuthRefreshOptions> = {}): AxiosInstance {
  const api = axios.create({ proxy: false });
  attachAuthRefresh(api, { vendor, tokenRetryDelay: 5, retry: { baseDelay: 5 }, ...options });
  return api;
}
