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
  /** The token endpoint's URL (RFC 6749 section 3.2): https, or http on loopback. */
  tokenEndpoint: string;
  clientId: string;
  /** Absent for a public client. A function is asked at every token fetch. */
  clientSecret?: Secret | undefined;
  /** Asked for as it is; space-separated (RFC 6749 section 3.3). @default none */
  scope?: string | undefined;
  /** How the client shows who it is. @default clientSecretBasic; clientSecretPost without a secret */
  clientAuthentication?: ClientAuthentication | undefined;
  /** With `password`: the password grant in place of client credentials. */
  username?: Secret | undefined;
  password?: Secret | undefined;
  /** A refresh token to begin with: the refresh token grant in place of client credentials. */
  refreshToken?: Secret | undefined;
  /** Further form fields of the token request. @example { audience: 'https://api.example.com' } */
  parameters?: Readonly<Record<string, string>> | undefined;
  /**
   * What tells these tokens from all others in a store. Needed with a store when `parameters`, a `refreshToken` or a
   * `username` that is a function says whose they are.
   * @default made of the token endpoint, the grant, the client, the scope and the user name
   */
  tokenKey?: string | undefined;
  /** Where the token may be sent. The origin of the instance's `baseURL` always counts. @default [] */
  resourceOrigins?: readonly string[] | undefined;
}

/**
 * Makes a vendor for any OAuth 2.0 server that follows RFC 6749.
 *
 * @throws ConfigurationError that lists everything wrong with the options.
 */
export function oauth2Vendor(options: OAuth2VendorOptions): Vendor {
  const { tokenEndpoint, clientId, username, password, refreshToken } = options;
  refuse('oauth2Vendor', [
    prefixed('tokenEndpoint', urlProblem(tokenEndpoint)),
    !clientId && 'clientId is missing',
    (username === undefined) !== (password === undefined) && 'username and password go together',
    username !== undefined && refreshToken !== undefined && 'username and refreshToken exclude each other',
    ...(options.resourceOrigins ?? []).map((url) => prefixed('resourceOrigins', urlProblem(url))),
  ]);

  const refreshGrant = refreshTokenGrant(options);
  const byPassword = username !== undefined && password !== undefined;
  const grant = byPassword
    ? passwordGrant({ ...options, username, password })
    : refreshToken !== undefined
      ? refreshGrant
      : clientCredentialsGrant(options);
  return {
    name: 'OAuth 2.0',
    tokenKey: options.tokenKey ?? keyOf(options),
    grant,
    // RFC 6749 section 4.4.3: client credentials bring no refresh token that would be worth using.
    ...((byPassword || refreshToken !== undefined) && { refreshGrant }),
    resourceOrigins: options.resourceOrigins ?? [],
  };
}

function keyOf(options: OAuth2VendorOptions): string | undefined {
  const { tokenEndpoint, clientId, scope, username, parameters, refreshToken } = options;
  const unknown = parameters ?? refreshToken ?? (typeof username === 'function' ? username : undefined);
  const grantType = username === undefined ? 'client_credentials' : 'password';
  return unknown === undefined
    ? JSON.stringify([tokenEndpoint, grantType, clientId, scope, username])
    : undefined;
}
