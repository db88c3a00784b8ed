import { readSecret, type Secret } from './secret.ts';
import { type OAuthClient, requestToken, type SendTokenRequest } from './token-endpoint.ts';
import type { TokenResponse } from './token-set.ts';

/** What a grant is given when a token is needed. */
export interface GrantContext {
  /**
   * Sends a request to the token server; network errors, 408, 429 and 5xx are retried.
   *
   * @throws TokenRequestError, TokenResponseError
   */
  send: SendTokenRequest;
  /** Aborts when `tokenTimeout` is over. */
  signal: AbortSignal;
  /** The refresh token that came with the token to be replaced. */
  refreshToken?: string;
}

/** A way to get a token (RFC 6749 section 1.3); may also be a function of your own. */
export type Grant = (context: GrantContext) => Promise<TokenResponse>;

/** The client credentials grant (RFC 6749 section 4.4). */
export function clientCredentialsGrant(client: OAuthClient & { scope?: string | undefined }): Grant {
  return ({ send }) => requestToken(send, client, { grant_type: 'client_credentials', ...scopeOf(client) });
}

/** The resource owner password credentials grant (RFC 6749 section 4.3). */
export function passwordGrant(
  client: OAuthClient & { username: Secret; password: Secret; scope?: string | undefined },
): Grant {
  return async ({ send }) =>
    requestToken(send, client, {
      grant_type: 'password',
      username: await readSecret('username', client.username),
      password: await readSecret('password', client.password),
      ...scopeOf(client),
    });
}

/**
 * The refresh token grant (RFC 6749 section 6).
 *
 * @param client its `refreshToken` is the one to begin with; later the one that came with the last token is used.
 */
export function refreshTokenGrant(client: OAuthClient & { refreshToken?: Secret | undefined }): Grant {
  return async ({ send, refreshToken }) => {
    const token = refreshToken ?? (await readSecret('refreshToken', client.refreshToken ?? ''));
    const response = await requestToken(send, client, { grant_type: 'refresh_token', refresh_token: token });
    // A server that does not rotate refresh tokens sends none back: the old one stays good.
    return { refreshToken: token, ...response };
  };
}

function scopeOf({ scope }: { scope?: string | undefined }): { scope?: string } {
  return scope ? { scope } : {};
}
