import { type TokenResponse, TokenResponseError } from '../core/index.ts';
import { isAccessToken, YEAR } from '../core/internal.ts';

/**
 * Checks a parsed token response. The text of a response is untrusted: nothing of it gets into the message.
 *
 * An `expires_in` that is absent, not a number, zero or negative says nothing: the lifetime is left open and the
 * API's 401 has the last word. One over a year is taken as a year.
 *
 * @throws TokenResponseError when it holds no bearer token.
 */
export function parseTokenResponse(body: unknown): TokenResponse {
  const fail = (problem: string): never => {
    throw new TokenResponseError(`the token endpoint's answer ${problem}. Is it really a token endpoint?`, {
      code: 'ERR_TOKEN_RESPONSE',
    });
  };
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return fail('is not a JSON object');
  const answer = body as Record<string, unknown>;

  const accessToken = answer.access_token;
  if (!isAccessToken(accessToken)) return fail('has no access_token that a header can carry');

  const tokenType = answer.token_type;
  if (tokenType != null && !/^bearer$/i.test(typeof tokenType === 'string' ? tokenType : '')) {
    return fail('has a token_type that is not "Bearer"');
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
