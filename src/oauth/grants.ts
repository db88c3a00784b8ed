import type { Grant, Secret } from '../core/index.ts';
import { readSecret } from '../core/internal.ts';
import { type OAuthClient, requestToken } from './token-endpoint.ts';

/** The client credentials grant (RFC 6749 section 4.4). */
export function clientCredentialsGrant(client: OAuthClient & { scope?: string | undefined }): Grant {
  return (context) => requestToken(context, client, { grant_type: 'client_credentials', ...scopeOf(client) });
}

/** The resource owner password credentials grant (RFC 6749 section 4.3). */
export function passwordGrant(
  client: OAuthClient & { username: Secret; password: Secret; scope?: string | undefined },
): Grant {
  return async (context) =>
    requestToken(context, client, {
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
  return async (context) => {
    const token = context.refreshToken ?? (await readSecret('refreshToken', client.refreshToken ?? ''));
    const response = await requestToken(context, client, {
      grant_type: 'refresh_token',
      refresh_token: token,
    });
    // A server that does not rotate refresh tokens sends none back: the old one stays good.
    return { refreshToken: token, ...response };
  };
}

function scopeOf({ scope }: { scope?: string | undefined }): { scope?: string } {
  return scope ? { scope } : {};
}
