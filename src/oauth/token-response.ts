import { type TokenResponse, TokenResponseError } from '../core/index.ts';
import { isAccessToken, YEAR } from '../core/internal.ts';

/**
 * Checks a parsed token response. Error messages contain no text of the response, which is untrusted.
 *
 * An `expires_in` that is absent, not a number, zero or negative is ignored: the lifetime stays undefined. A lifetime is at most
 * a year.
 *
 * @throws TokenResponseError if the response contains no bearer token.
 */
export function parseTokenResponse(body: unknown): TokenResponse {
  const fail = (problem: string): never => {
    throw new TokenResponseError(`the token response ${problem}. Check the URL of the token endpoint`, {
      code: 'ERR_TOKEN_RESPONSE',
    });
  };
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return fail('is not a JSON object');
  const answer = body as Record<string, unknown>;

  const accessToken = answer.access_token;
  if (!isAccessToken(accessToken)) return fail('has no valid access_token');

  const tokenType = answer.token_type;
  if (tokenType != null && !/^bearer$/i.test(typeof tokenType === 'string' ? tokenType : '')) {
    return fail('has a token_type other than "Bearer"');
  }

  const token: TokenResponse = { accessToken };
  const expiresIn = answer.expires_in;
  const seconds = typeof expiresIn === 'number' || typeof expiresIn === 'string' ? Number(expiresIn) : 0;
  if (seconds > 0) token.lifetime = Math.min(seconds * 1000, YEAR);
  const refreshToken = answer.refresh_token;
  if (typeof refreshToken === 'string' && refreshToken !== '') token.refreshToken = refreshToken;
  if (typeof answer.scope === 'string') token.scope = answer.scope;
  return token;
}
