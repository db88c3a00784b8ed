import axios, { type AxiosInstance } from 'axios';
import type { AuthRefreshListener, SharedTokenStore, Vendor } from '../core/index.ts';
import { refuse } from '../core/internal.ts';
import { clientSecretBasic, clientSecretPost } from '../oauth/index.ts';
import { attachAuthRefresh } from '../plugin/index.ts';
import type { TokenManager } from '../token/index.ts';
import { type Environment, vendorFromEnvironment } from '../vendors/environment.ts';
import { oauth2Vendor } from '../vendors/oauth2.ts';

/** Whose credentials, by the beginning of their variables' names. */
export const VENDORS = ['genesys', 'cxone', 'oauth'] as const;
export type VendorName = (typeof VENDORS)[number];

const NEEDED: Readonly<Record<VendorName, string>> = {
  genesys: 'GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET, and GENESYS_REGION or GENESYS_ENV_URL',
  cxone: 'CXONE_CLIENT_ID, CXONE_CLIENT_SECRET, and CXONE_ACCESS_KEY_ID with CXONE_ACCESS_KEY_SECRET',
  oauth: 'OAUTH_TOKEN_ENDPOINT, OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET',
};

/**
 * Makes the vendor whose variables are set.
 *
 * @param name the one to take; undefined for the only one there is.
 * @throws ConfigurationError that lists everything missing.
 */
export function vendorOf(environment: Environment, name?: VendorName): Vendor {
  return chooseVendor(environment, name).vendor;
}

/** The same, with the name of the one that was taken. */
export function chooseVendor(
  environment: Environment,
  name?: VendorName,
): { name: VendorName; vendor: Vendor } {
  const there = VENDORS.filter((one) => Object.keys(only(environment, one)).length > 0);
  const candidates = name === undefined ? there : there.filter((one) => one === name);
  const [chosen, ...others] = candidates;
  refuse('credentials', [
    chosen === undefined &&
      `set ${(name === undefined ? VENDORS : [name]).map((one) => NEEDED[one]).join('; or ')}, ` +
        'in the environment or in a file named by --env',
    others.length > 0 &&
      `there are those of ${candidates.join(' and ')}: choose with --vendor ${candidates.join(' or --vendor ')}`,
  ]);
  const taken = chosen as VendorName;
  const own = only(environment, taken);
  return { name: taken, vendor: taken === 'oauth' ? oauthVendor(own) : vendorFromEnvironment(own) };
}

function only(environment: Environment, name: VendorName): Environment {
  const prefix = `${name.toUpperCase()}_`;
  return Object.fromEntries(
    Object.entries(environment).filter(([key, value]) => key.startsWith(prefix) && value),
  );
}

function oauthVendor(environment: Environment): Vendor {
  const tokenEndpoint = environment.OAUTH_TOKEN_ENDPOINT ?? '';
  const clientId = environment.OAUTH_CLIENT_ID ?? '';
  const audience = environment.OAUTH_AUDIENCE;
  const scope = environment.OAUTH_SCOPE;
  const authentication = environment.OAUTH_CLIENT_AUTHENTICATION ?? 'basic';
  refuse('environment variables', [
    !tokenEndpoint && 'OAUTH_TOKEN_ENDPOINT is missing',
    !clientId && 'OAUTH_CLIENT_ID is missing',
    !['basic', 'post'].includes(authentication) && 'OAUTH_CLIENT_AUTHENTICATION must be basic or post',
  ]);
  return oauth2Vendor({
    tokenEndpoint,
    clientId,
    clientSecret: environment.OAUTH_CLIENT_SECRET,
    scope,
    tokenKey: JSON.stringify([tokenEndpoint, 'client_credentials', clientId, scope, audience]),
    ...(audience !== undefined && { parameters: { audience } }),
    ...(environment.OAUTH_CLIENT_SECRET !== undefined && {
      clientAuthentication: authentication === 'post' ? clientSecretPost : clientSecretBasic,
    }),
  });
}

/** An axios instance with the plugin on it. */
export interface Connection {
  api: AxiosInstance;
  tokens: TokenManager;
}

/** What a connection is made of. Durations are in milliseconds. */
export interface ConnectionOptions {
  vendor: Vendor;
  baseUrl?: string | undefined;
  retries?: number | undefined;
  timeout?: number | undefined;
  /** @default none */
  store?: SharedTokenStore | undefined;
  onEvent?: AuthRefreshListener | undefined;
}

// Nobody waits at the other end of a batch job, and to wait is better than to end. Daily limits take hours.
const PATIENCE = 5 * 60_000;

// A request that waits for its turn under a rate can find its new token revoked as well.
const MAX_REPLAYS = 3;

/** Makes the axios instance of a run. Proxies are those of `HTTPS_PROXY` and `NO_PROXY`, which axios reads itself. */
export function connect({
  vendor,
  baseUrl,
  retries,
  timeout,
  store,
  onEvent,
}: ConnectionOptions): Connection {
  const api = axios.create({
    ...(baseUrl !== undefined && { baseURL: baseUrl }),
    ...(timeout !== undefined && { timeout }),
  });
  const { tokens } = attachAuthRefresh(api, {
    vendor,
    store,
    onEvent,
    maxReplays: MAX_REPLAYS,
    retry: { retries, maxRetryAfter: PATIENCE },
  });
  return { api, tokens };
}
