import { createHash } from 'node:crypto';
import { ConfigurationError, type Vendor } from '../../core/index.ts';
import type { Environment } from '../../vendors/environment.ts';
import { tenantOf } from '../../vendors/internal.ts';
import { chooseVendor } from '../choose-vendor.ts';
import { VENDOR_VARIABLES, type VendorName } from '../variables.ts';

/**
 * Returns the account of a worker: the vendor, the login host, and the tenant of the token or a digest of the client ID. The client ID
 * itself never goes to Redis.
 */
export function accountOf(name: VendorName, vendor: Vendor, accessToken: string): string {
  const tenant = name === 'cxone' ? tenantOf(accessToken) : undefined;
  const { host, client } = loginOf(vendor);
  return [vendor.name, host, tenant ?? client].join(' ');
}

/**
 * Returns the account of an export that is submitted with these variables. No request is sent. The account ends with ` *` if it is only
 * partly known: the tenant of NICE CXone is known only from the token, and a submitter needs no credentials.
 */
export function accountOfSubmitter(environment: Environment, wanted: VendorName): string {
  const anyAccount = `${VENDOR_VARIABLES[wanted].label} *`;
  try {
    const { vendor } = chooseVendor(environment, wanted);
    const { host, client } = loginOf(vendor);
    return [vendor.name, host, wanted === 'cxone' ? '*' : client].join(' ');
  } catch (error) {
    if (error instanceof ConfigurationError) return anyAccount;
    throw error;
  }
}

/** Reads the token key, which contains everything that changes the token of a client, and no secret. */
function loginOf({ tokenKey = '[]' }: Vendor): { host: string; client: string } {
  const [login, , clientId] = JSON.parse(tokenKey) as string[];
  const client = createHash('sha256').update(String(clientId)).digest('hex').slice(0, 16);
  return { host: new URL(String(login)).host, client };
}
