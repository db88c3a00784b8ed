import type { Vendor } from '../core/index.ts';
import { parseUrl, refuse } from '../core/internal.ts';
import { type GenesysCloudOptions, genesysCloud } from './genesys-cloud.ts';
import { findDomain, NICE_CXONE_DOMAINS } from './hosts.ts';
import { type NiceCxoneOptions, niceCxone } from './nice-cxone.ts';
import { DESCRIBED_VENDORS, type DescribedVendor, type Environment } from './variables.ts';

export { secretFile } from './secret-file.ts';
export type { Environment } from './variables.ts';

/** Options of {@link vendorFromEnvUrl} besides the URL. */
export type VendorCredentials = Pick<
  GenesysCloudOptions & NiceCxoneOptions,
  'clientId' | 'clientSecret' | 'scope'
>;

/**
 * Returns the vendor for an environment URL: NICE CXone if the host name ends with a domain of NICE CXone, otherwise Genesys
 * Cloud, the vendor behind most gateways and simulators.
 *
 * @param envUrl such as `https://api.mypurecloud.com` or `https://api-na1.niceincontact.com`.
 * @throws ConfigurationError that lists every problem.
 */
export function vendorFromEnvUrl(envUrl: string, credentials: VendorCredentials): Vendor {
  const isCxone = findDomain(parseUrl(envUrl)?.hostname ?? '', NICE_CXONE_DOMAINS);
  return isCxone ? niceCxone({ ...credentials, envUrl }) : genesysCloud({ ...credentials, envUrl });
}

/**
 * Returns the vendor that environment variables configure.
 *
 * Genesys Cloud: `GENESYS_CLIENT_ID`, `GENESYS_CLIENT_SECRET`, and `GENESYS_REGION` or `GENESYS_ENV_URL`; optionally
 * `GENESYS_SCOPE`. NICE CXone: `CXONE_CLIENT_ID`, `CXONE_CLIENT_SECRET`, and `CXONE_ACCESS_KEY_ID` with
 * `CXONE_ACCESS_KEY_SECRET`, or `CXONE_ENV_URL`; optionally `CXONE_ISSUER` and `CXONE_SCOPE`.
 * An empty variable counts as absent. Instead of a variable that ends with `_SECRET`, you can set `*_SECRET_FILE` to the path of
 * a file that contains the secret; see {@link secretFile}.
 *
 * @param environment @default process.env
 * @throws ConfigurationError that lists every problem, such as variables of both vendors or of none.
 */
export function vendorFromEnvironment(environment: Environment = globalThis.process?.env ?? {}): Vendor {
  const vendors = Object.values(DESCRIBED_VENDORS);
  const selected = vendors.filter((vendor) => vendor.isSelected(environment));
  const [vendor] = selected as [DescribedVendor];
  refuse('environment variables', [
    selected.length === 0 &&
      `no credentials are set: set ${vendors.map(({ prefix }) => `${prefix}CLIENT_ID`).join(' or ')} and the variables that belong to it`,
    selected.length > 1 &&
      `both ${selected.map(({ prefix }) => prefix).join(' and ')} variables are set: keep the variables of one vendor`,
    ...(selected.length === 1 ? vendor.problems(environment) : []),
  ]);
  return vendor.create(environment);
}
