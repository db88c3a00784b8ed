import type { Secret, StoreKeys, Vendor } from '../core/index.ts';
import { type OptionTable, prefixed, readOptions, readSecret, refuse, urlProblem } from '../core/internal.ts';
import {
  type ClientAuthentication,
  clientCredentialsGrant,
  passwordGrant,
  type ReadTokenResponse,
  refreshTokenGrant,
} from '../oauth/index.ts';

/** Options of {@link oauth2Vendor}. */
export interface OAuth2VendorOptions {
  /** URL of the token endpoint (RFC 6749 section 3.2): https, or http on loopback. */
  tokenEndpoint: string;
  clientId: string;
  /** Omit it for a public client. A function is called for every token fetch. */
  clientSecret?: Secret | undefined;
  /** Requested scope, space-separated (RFC 6749 section 3.3). @default none */
  scope?: string | undefined;
  /** How the client authenticates. @default clientSecretBasic; clientSecretPost without a secret */
  clientAuthentication?: ClientAuthentication | undefined;
  /** Together with `password`: selects the password grant instead of client credentials. */
  username?: Secret | undefined;
  password?: Secret | undefined;
  /** Initial refresh token: selects the refresh token grant instead of client credentials. */
  refreshToken?: Secret | undefined;
  /** Additional form fields of the token request. @example { audience: 'https://api.example.com' } */
  parameters?: Readonly<Record<string, string>> | undefined;
  /**
   * Identifies these tokens in a store, and must differ between scopes and audiences. Required with a store if `username` or
   * `refreshToken` is a function.
   * @default derived from the token endpoint, grant, client, scope, user name, parameters and initial refresh token
   */
  tokenKey?: string | undefined;
  /**
   * Maps a response of the token endpoint with a 2xx status to the fields of RFC 6749 section 5.1. Returns undefined for responses
   * that need no mapping.
   * @default JSON and forms with these fields; also `expires_on` and `expires_at`, and `BearerToken` as `token_type`
   * @example ({ data }) => ({ access_token: data.jwt, expires_in: data.ttl })
   */
  readTokenResponse?: ReadTokenResponse | undefined;
  /** Origins to which the token may be sent. The origin of the instance's `baseURL` is always included. @default [] */
  resourceOrigins?: readonly string[] | undefined;
}

const OPTIONS: OptionTable<OAuth2VendorOptions> = {
  tokenEndpoint: 'any',
  clientId: 'any',
  clientSecret: 'any',
  scope: 'string',
  clientAuthentication: 'function',
  username: 'any',
  password: 'any',
  refreshToken: 'any',
  parameters: 'object',
  tokenKey: 'string',
  readTokenResponse: 'function',
  resourceOrigins: 'array',
};

/**
 * Returns a vendor for any OAuth 2.0 server that follows RFC 6749.
 *
 * @throws ConfigurationError that lists every invalid option.
 */
export function oauth2Vendor(options: OAuth2VendorOptions): Vendor {
  const [own, problems] = readOptions(options, OPTIONS);
  const { username, password, refreshToken, scope, tokenKey, resourceOrigins = [], ...client } = own;
  const { tokenEndpoint, clientId } = client;
  refuse('oauth2Vendor', [
    prefixed('tokenEndpoint', urlProblem(tokenEndpoint)),
    !clientId && 'clientId is missing',
    (username === undefined) !== (password === undefined) && 'username and password must be set together',
    username !== undefined && refreshToken !== undefined && 'username and refreshToken cannot be combined',
    ...resourceOrigins.map((url) => prefixed('resourceOrigins', urlProblem(url))),
    ...problems,
  ]);

  const byPassword = username !== undefined && password !== undefined;
  // RFC 6749 section 6: the scope must not exceed the granted one, which may be less than a password grant has requested.
  const refreshGrant = refreshTokenGrant({ ...client, refreshToken, ...(!byPassword && { scope }) });
  const grant = byPassword
    ? passwordGrant({ ...client, scope, username, password })
    : refreshToken !== undefined
      ? refreshGrant
      : clientCredentialsGrant({ ...client, scope });
  return {
    name: 'OAuth 2.0',
    tokenKey: tokenKey ?? keyOf(own),
    storeKeys: storeKeysOf(own),
    grant,
    // RFC 6749 section 4.4.3: client credentials come without a useful refresh token.
    ...((byPassword || refreshToken !== undefined) && { refreshGrant }),
    resourceOrigins,
  };
}

/** Returns the key of tokens that depend on no function and on no value that may be secret. */
function keyOf(options: OAuth2VendorOptions): string | undefined {
  const { username, parameters, refreshToken } = options;
  const unkeyed = parameters ?? refreshToken ?? (typeof username === 'function' ? username : undefined);
  return unkeyed === undefined ? JSON.stringify(identityOf(options)) : undefined;
}

/** Returns the derivation of keys from a refresh token or from parameters, which may be secret: a function, so that a logged vendor shows neither. */
function storeKeysOf(options: OAuth2VendorOptions): (() => Promise<StoreKeys>) | undefined {
  const { tokenEndpoint, clientId, username, parameters, refreshToken, tokenKey } = options;
  if (parameters === undefined && refreshToken === undefined) return undefined;
  // A function may return another value in each process, so only `tokenKey` identifies the access token.
  if (tokenKey === undefined && [username, refreshToken].some((value) => typeof value === 'function'))
    return undefined;
  return async () => {
    const initial = refreshToken === undefined ? undefined : await readSecret('refreshToken', refreshToken);
    const sorted = Object.entries(parameters ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
    const family =
      initial === undefined ? undefined : JSON.stringify([new URL(tokenEndpoint).href, clientId, initial]);
    return { access: JSON.stringify([...identityOf(options), sorted, initial]), family };
  };
}

function identityOf({ tokenEndpoint, clientId, scope, username }: OAuth2VendorOptions) {
  const grantType = username === undefined ? 'client_credentials' : 'password';
  return [tokenEndpoint, grantType, clientId, scope, username];
}
