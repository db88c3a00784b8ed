import type { Grant, Secret } from '../core/index.ts';
import { type OptionTable, readOptions, readSecret, refuse } from '../core/internal.ts';
import { CLIENT_OPTIONS, type OAuthClient, requestToken } from './token-endpoint.ts';

/** Returns the client credentials grant (RFC 6749 section 4.4). */
export function clientCredentialsGrant(options: OAuthClient & { scope?: string | undefined }): Grant {
  const client = check('clientCredentialsGrant', options, { ...CLIENT_OPTIONS, scope: 'string' });
  return (context) => requestToken(context, client, { grant_type: 'client_credentials', ...scopeOf(client) });
}

/** Returns the resource owner password credentials grant (RFC 6749 section 4.3). */
export function passwordGrant(
  options: OAuthClient & { username: Secret; password: Secret; scope?: string | undefined },
): Grant {
  const table = { ...CLIENT_OPTIONS, username: 'any', password: 'any', scope: 'string' } as const;
  const client = check('passwordGrant', options, table);
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
 * @param options `refreshToken` is used for the first token. Later the grant uses the refresh token of the previous token. `scope` is sent
 * each time, and must not exceed the scope that was granted.
 */
export function refreshTokenGrant(
  options: OAuthClient & { refreshToken?: Secret | undefined; scope?: string | undefined },
): Grant {
  const client = check('refreshTokenGrant', options, {
    ...CLIENT_OPTIONS,
    refreshToken: 'any',
    scope: 'string',
  });
  return async (context) => {
    const token = context.refreshToken ?? (await readSecret('refreshToken', client.refreshToken ?? ''));
    const { refused } = context;
    if (refused?.refreshToken === token) throw refused.error;
    const response = await requestToken(context, client, {
      grant_type: 'refresh_token',
      refresh_token: token,
      ...scopeOf(client),
    });
    // A server that does not rotate refresh tokens returns no refresh token: the old one stays valid.
    return { refreshToken: token, ...response };
  };
}

/** @throws ConfigurationError that lists every problem. */
function check<T extends OAuthClient>(grant: string, options: T, table: OptionTable<T>): T {
  const [client, problems] = readOptions(options, table);
  refuse(grant, problems);
  return client;
}

function scopeOf({ scope }: { scope?: string | undefined }): { scope?: string } {
  return scope ? { scope } : {};
}
