import type { Vendor } from '../core/index.ts';
import { refuse } from '../core/internal.ts';
import { type GenesysCloudOptions, genesysCloud } from './genesys-cloud.ts';
import { findDomain, NICE_CXONE_DOMAINS } from './hosts.ts';
import { type NiceCxoneOptions, niceCxone } from './nice-cxone.ts';
import { DESCRIBED_VENDORS, type DescribedVendor, type Environment } from './variables.ts';

export type { Environment } from './variables.ts';

/** What {@link vendorFromEnvUrl} needs besides the URL. */
export type VendorCredentials = Pick<
  GenesysCloudOptions & NiceCxoneOptions,
  'clientId' | 'clientSecret' | 'scope'
>;

/**
 * Chooses the vendor by the end of an environment URL's host name: NICE CXone's domains, else Genesys Cloud, as it is
 * also the one that gateways and simulators most often stand for.
 *
 * @param envUrl such as `https://api.mypurecloud.com` or `https://api-na1.niceincontact.com`.
 * @throws ConfigurationError that lists everything wrong.
 */
export function vendorFromEnvUrl(envUrl: string, credentials: VendorCredentials): Vendor {
  const isCxone = URL.canParse(envUrl) && findDomain(new URL(envUrl).hostname, NICE_CXONE_DOMAINS);
  return isCxone ? niceCxone({ ...credentials, envUrl }) : genesysCloud({ ...credentials, envUrl });
}

/**
 * Makes the vendor that environment variables describe.
 *
 * Genesys Cloud: `GENESYS_CLIENT_ID`, `GENESYS_CLIENT_SECRET`, and `GENESYS_REGION` or `GENESYS_ENV_URL`; optionally
 * `GENESYS_SCOPE`. NICE CXone: `CXONE_CLIENT_ID`, `CXONE_CLIENT_SECRET`, and `CXONE_ACCESS_KEY_ID` with
 * `CXONE_ACCESS_KEY_SECRET`, or `CXONE_ENV_URL`; optionally `CXONE_ISSUER` and `CXONE_SCOPE`.
 * An empty variable counts as absent.
 *
 * @param environment @default process.env
 * @throws ConfigurationError that lists everything wrong, also when it describes both vendors or none.
 */
export function vendorFromEnvironment(environment: Environment = globalThis.process?.env ?? {}): Vendor {
  const vendors = Object.values(DESCRIBED_VENDORS);
  const selected = vendors.filter((vendor) => vendor.isSelected(environment));
  const [vendor] = selected as [DescribedVendor];
  refuse('environment variables', [
    selected.length === 0 &&
      `none is set: ${vendors.map(({ prefix }) => `${prefix}CLIENT_ID`).join(' or ')} and those that go with it`,
    selected.length > 1 &&
      `both ${selected.map(({ prefix }) => prefix).join(' and ')} are set: keep those of one vendor`,
    ...(selected.length === 1 ? vendor.problems(environment) : []),
  ]);
  return vendor.create(environment);
}
