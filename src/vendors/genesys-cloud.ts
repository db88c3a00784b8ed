import type { Refusal, RequestSummary, Secret, Vendor } from '../core/index.ts';
import { type OptionTable, prefixed, readOptions, refuse, urlProblem } from '../core/internal.ts';
import {
  type ClientAuthentication,
  clientCredentialsGrant,
  clientSecretBasicUnencoded,
  type TokenHttpResponse,
} from '../oauth/index.ts';
import { findDomain } from './hosts.ts';

/** The regions of Genesys Cloud, by SDK name, and their domains. */
export const GENESYS_CLOUD_REGIONS = {
  us_east_1: 'mypurecloud.com',
  eu_west_1: 'mypurecloud.ie',
  ap_southeast_2: 'mypurecloud.com.au',
  ap_northeast_1: 'mypurecloud.jp',
  eu_central_1: 'mypurecloud.de',
  us_west_2: 'usw2.pure.cloud',
  ca_central_1: 'cac1.pure.cloud',
  ap_northeast_2: 'apne2.pure.cloud',
  eu_west_2: 'euw2.pure.cloud',
  ap_south_1: 'aps1.pure.cloud',
  us_east_2: 'use2.us-gov-pure.cloud',
  sa_east_1: 'sae1.pure.cloud',
  me_central_1: 'mec1.pure.cloud',
  ap_northeast_3: 'apne3.pure.cloud',
  eu_central_2: 'euc2.pure.cloud',
  mx_central_1: 'mxc1.pure.cloud',
  ap_southeast_1: 'apse1.pure.cloud',
  eusc_de_east_1: 'edee1.eusc-pure.cloud',
} as const;

export type GenesysCloudRegion = keyof typeof GENESYS_CLOUD_REGIONS;

const DOMAINS: readonly string[] = Object.values(GENESYS_CLOUD_REGIONS);

/** Options of {@link genesysCloud}: either `region` or `envUrl` locates the organization. */
export interface GenesysCloudOptions {
  /** A region by its SDK name (`eu_central_1`), its AWS name (`eu-central-1`) or its domain (`mypurecloud.de`). */
  region?: GenesysCloudRegion | (string & {}) | undefined;
  /**
   * URL of the API, such as `https://api.mypurecloud.com`. Any other host, such as a gateway or a simulator, is used unchanged, for
   * tokens too.
   */
  envUrl?: string | undefined;
  clientId: string;
  /** A function is called for every token fetch. */
  clientSecret: Secret;
  /** Sent only if set; Genesys Cloud derives the scopes of an OAuth client from its roles. @default none */
  scope?: string | undefined;
  /** `clientSecretPost` puts the credentials into the form. @default HTTP Basic, like the SDKs of Genesys Cloud */
  clientAuthentication?: ClientAuthentication | undefined;
}

const OPTIONS: OptionTable<GenesysCloudOptions> = {
  region: 'any',
  envUrl: 'any',
  clientId: 'any',
  clientSecret: 'any',
  scope: 'string',
  clientAuthentication: 'function',
};

/**
 * Returns the vendor for Genesys Cloud: the client credentials grant at `https://login.{domain}/oauth/token`, for the
 * API at `https://api.{domain}`.
 *
 * @throws ConfigurationError that lists every invalid option.
 */
export function genesysCloud(options: GenesysCloudOptions): Vendor {
  const [own, problems] = readOptions(options, OPTIONS);
  const { region, envUrl, clientId, clientSecret, scope } = own;
  const domain = typeof region === 'string' ? domainOfRegion(region) : undefined;
  refuse('genesysCloud', [
    !clientId && 'clientId is missing',
    !clientSecret && 'clientSecret is missing',
    (region === undefined) === (envUrl === undefined) &&
      'set either region, such as "eu_central_1", or envUrl, such as "https://api.mypurecloud.de"',
    region !== undefined &&
      domain === undefined &&
      `unknown region ${JSON.stringify(region)}; the regions are ${Object.keys(GENESYS_CLOUD_REGIONS).join(', ')}`,
    envUrl !== undefined && prefixed('envUrl', urlProblem(envUrl)),
    ...problems,
  ]);

  const { login, api } = hosts(domain, envUrl);
  const tokenEndpoint = `${login}/oauth/token`;
  return {
    name: 'Genesys Cloud',
    tokenKey: JSON.stringify([tokenEndpoint, 'client_credentials', clientId, scope]),
    grant: clientCredentialsGrant({
      tokenEndpoint,
      clientId,
      clientSecret,
      scope,
      clientAuthentication: own.clientAuthentication ?? clientSecretBasicUnencoded,
      isThrottled,
    }),
    resourceOrigins: [new URL(api).origin],
    apiBaseUrl: api,
    isCurable,
    isReadOnly,
  };
}

function domainOfRegion(region: string): string | undefined {
  const name = region.toLowerCase();
  const regions = new Map<string, string>(Object.entries(GENESYS_CLOUD_REGIONS));
  return DOMAINS.includes(name) ? name : regions.get(name.replaceAll('-', '_'));
}

function hosts(region: string | undefined, envUrl = ''): { login: string; api: string } {
  const domain = region ?? findDomain(new URL(envUrl).hostname, DOMAINS);
  if (domain !== undefined) return { login: `https://login.${domain}`, api: `https://api.${domain}` };
  const base = envUrl.replace(/\/+$/, '');
  return { login: base, api: base };
}

// The token endpoint throttles with 400 invalid_request and this text, not with 429.
function isThrottled({ status, body }: TokenHttpResponse): boolean {
  return status === 400 && /rate limit exceeded/i.test(JSON.stringify(body));
}

function isCurable({ body }: Refusal): boolean | undefined {
  return (body as { code?: unknown } | null)?.code === 'ip.not.authorized' ? false : undefined;
}

// Analytics queries only read. They are POSTs because their filters do not fit into a URL.
function isReadOnly({ method, url }: RequestSummary): boolean {
  return method === 'POST' && /\/api\/v2\/analytics\/.+\/query\/*$/.test(url);
}
