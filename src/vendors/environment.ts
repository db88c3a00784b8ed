import type { Vendor } from '../core/index.ts';
import { refuse } from '../core/internal.ts';
import { type GenesysCloudOptions, genesysCloud } from './genesys-cloud.ts';
import { findDomain, NICE_CXONE_DOMAINS } from './hosts.ts';
import { type NiceCxoneOptions, niceCxone } from './nice-cxone.ts';

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

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

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
  const read = (name: string) => environment[name] || undefined;
  const describes = (prefix: string) =>
    ['CLIENT_ID', 'CLIENT_SECRET', 'ENV_URL'].some((name) => read(`${prefix}_${name}`) !== undefined);
  const genesys = describes('GENESYS') || read('GENESYS_REGION') !== undefined;
  const cxone = describes('CXONE') || read('CXONE_ACCESS_KEY_ID') !== undefined;
  const prefix = cxone ? 'CXONE' : 'GENESYS';
  const clientId = read(`${prefix}_CLIENT_ID`);
  const clientSecret = read(`${prefix}_CLIENT_SECRET`);
  const scope = read(`${prefix}_SCOPE`);
  const envUrl = read(`${prefix}_ENV_URL`);
  const region = read('GENESYS_REGION');
  const one = genesys !== cxone;
  refuse('environment variables', [
    !genesys && !cxone && 'none is set: GENESYS_CLIENT_ID or CXONE_CLIENT_ID and those that go with it',
    genesys && cxone && 'both GENESYS_ and CXONE_ are set: keep those of one vendor',
    one && !clientId && `${prefix}_CLIENT_ID is missing`,
    one && !clientSecret && `${prefix}_CLIENT_SECRET is missing`,
    one && genesys && !region && !envUrl && 'GENESYS_REGION or GENESYS_ENV_URL is missing',
  ]);

  const shared = { clientId: clientId ?? '', clientSecret: clientSecret ?? '', scope };
  return cxone
    ? niceCxone({
        ...shared,
        envUrl,
        issuer: read('CXONE_ISSUER'),
        accessKeyId: read('CXONE_ACCESS_KEY_ID'),
        accessKeySecret: read('CXONE_ACCESS_KEY_SECRET'),
      })
    : genesysCloud({ ...shared, region, envUrl });
}
