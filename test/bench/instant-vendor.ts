import type { Vendor } from 'axios-oauth-refresh';

export const TOKEN = 'a-token-of-usual-length-'.repeat(4);

/** Issues a long-lived token without a request, because token requests are not measured. */
export const instantVendor: Vendor = {
  name: 'Benchmark',
  tokenKey: 'benchmark',
  resourceOrigins: [],
  grant: async () => ({ accessToken: TOKEN, lifetime: 3_600_000 }),
};
