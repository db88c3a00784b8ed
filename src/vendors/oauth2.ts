import type { Secret, Vendor } from '../core/index.ts';
import { prefixed, refuse, urlProblem } from '../core/internal.ts';
import {
  type ClientAuthentication,
  clientCredentialsGrant,
  passwordGrant,
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
   * Identifies these tokens in a store. Required with a store if you set `parameters`, `refreshToken` or a function as
   * `username`.
   * @default derived from the token endpoint, grant, client, scope and user name
   */
  tokenKey?: string | undefined;
  /** Origins to which the token may be sent. The origin of the instance's `baseURL` is always included. @default [] */
  resourceOrigins?: readonly string[] | undefined;
}

/**
 * Returns a vendor for any OAuth 2.0 server that follows RFC 6749.
 *
 * @throws ConfigurationError that lists every invalid option.
 */
export function oauth2Vendor(options: OAuth2VendorOptions): Vendor {
  const { tokenEndpoint, clientId, username, password, refreshToken } = options;
  refuse('oauth2Vendor', [
    prefixed('tokenEndpoint', urlProblem(tokenEndpoint)),
    !clientId && 'clientId is missing',
    (username === undefined) !== (password === undefined) && 'username and password must be set together',
    username !== undefined && refreshToken !== undefined && 'username and refreshToken cannot be combined',
    ...(options.resourceOrigins ?? []).map((url) => prefixed('resourceOrigins', urlProblem(url))),
  ]);

  const byPassword = username !== undefined && password !== undefined;
  // RFC 6749 section 6: the scope must not exceed the granted one, which may be less than a password grant has requested.
  const refreshGrant = refreshTokenGrant(byPassword ? { ...options, scope: undefined } : options);
  const grant = byPassword
    ? passwordGrant({ ...options, username, password })
    : refreshToken !== undefined
      ? refreshGrant
      : clientCredentialsGrant(options);
  return {
    name: 'OAuth 2.0',
    tokenKey: options.tokenKey ?? keyOf(options),
    grant,
    // RFC 6749 section 4.4.3: client credentials come without a useful refresh token.
    ...((byPassword || refreshToken !== undefined) && { refreshGrant }),
    resourceOrigins: options.resourceOrigins ?? [],
  };
}

function keyOf(options: OAuth2VendorOptions): string | undefined {
  const { tokenEndpoint, clientId, scope, username, parameters, refreshToken } = options;
  const unkeyed = parameters ?? refreshToken ?? (typeof username === 'function' ? username : undefined);
  const grantType = username === undefined ? 'client_credentials' : 'password';
  return unkeyed === undefined
    ? JSON.stringify([tokenEndpoint, grantType, clientId, scope, username])
    : undefined;
}
