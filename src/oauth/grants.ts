import type { Grant, Secret } from '../core/index.ts';
import { readSecret } from '../core/internal.ts';
import { type OAuthClient, requestToken } from './token-endpoint.ts';

/** Returns the client credentials grant (RFC 6749 section 4.4). */
export function clientCredentialsGrant(client: OAuthClient & { scope?: string | undefined }): Grant {
  return (context) => requestToken(context, client, { grant_type: 'client_credentials', ...scopeOf(client) });
}

/** Returns the resource owner password credentials grant (RFC 6749 section 4.3). */
export function passwordGrant(
  client: OAuthClient & { username: Secret; password: Secret; scope?: string | undefined },
): Grant {
  return (context) =>
    requestToken(context, client, {
      grant_type: 'password',
      username: client.username,
      password: client.password,
      ...scopeOf(client),
    });
}

/**
 * Returns the refresh token grant (RFC 6749 section 6).
 *
 * @param client `refreshToken` is used for the first token. Later the grant uses the refresh token of the previous token.
 */
export function refreshTokenGrant(
  client: OAuthClient & { refreshToken?: Secret | undefined; scope?: string | undefined },
): Grant {
  return async (context) => {
    const token = context.refreshToken ?? (await readSecret('refreshToken', client.refreshToken ?? ''));
    const response = await requestToken(context, client, {
      grant_type: 'refresh_token',
      refresh_token: token,
      ...scopeOf(client),
    });
    // A server that does not rotate refresh tokens returns no refresh token: the old one stays valid.
    return { refreshToken: token, ...response };
  };
}

function scopeOf({ scope }: { scope?: string | undefined }): { scope?: string } {
  return scope ? { scope } : {};
}
