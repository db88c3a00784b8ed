import { type TokenResponse, TokenResponseError } from '../core/index.ts';
import { isAccessToken, YEAR } from '../core/internal.ts';

/** The fields of a token response (RFC 6749 section 5.1). `error` makes the response a refusal (section 5.2). */
export interface TokenResponseFields {
  access_token?: string | undefined;
  /** @default 'Bearer' */
  token_type?: string | undefined;
  /** Seconds, counted from the response. */
  expires_in?: number | string | undefined;
  /** The time of expiry, used without a valid `expires_in`: seconds or milliseconds since 1970, or an ISO 8601 date. */
  expires_on?: number | string | undefined;
  /** Like `expires_on`. */
  expires_at?: number | string | undefined;
  refresh_token?: string | undefined;
  scope?: string | undefined;
  error?: string | undefined;
  error_description?: string | undefined;
}

/**
 * Checks the fields of a token response. Error messages contain no text of the response, which is untrusted.
 *
 * A lifetime that is absent, not a number, zero or negative is ignored: the lifetime stays undefined. A lifetime is at most a year.
 *
 * @param now milliseconds since the epoch, from which `expires_on` and `expires_at` count.
 * @throws TokenResponseError if the response contains no bearer token.
 */
export function parseTokenResponse(body: unknown, now: number): TokenResponse {
  const fail = (problem: string): never => {
    throw new TokenResponseError(
      `the token response ${problem}. Check the URL of the token endpoint, or map the response with readTokenResponse of oauth2Vendor`,
      { code: 'ERR_TOKEN_RESPONSE' },
    );
  };
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return fail('is not a JSON object or a form');
  const answer = body as Record<keyof TokenResponseFields, unknown>;

  const accessToken = answer.access_token;
  if (!isAccessToken(accessToken)) return fail('has no valid access_token');

  const tokenType = answer.token_type;
  // Apigee calls a bearer token BearerToken.
  if (
    tokenType != null &&
    !(typeof tokenType === 'string' && /^bearer([ _-]?token)?$/i.test(tokenType.trim()))
  ) {
    return fail('has a token_type other than "Bearer"');
  }

  const token: TokenResponse = { accessToken };
  const lifetimes = [
    toNumber(answer.expires_in) * 1000,
    toTime(answer.expires_on) - now,
    toTime(answer.expires_at) - now,
  ];
  const lifetime = lifetimes.find((one) => one > 0);
  if (lifetime !== undefined) token.lifetime = Math.min(lifetime, YEAR);
  const refreshToken = answer.refresh_token;
  if (typeof refreshToken === 'string' && refreshToken !== '') token.refreshToken = refreshToken;
  if (typeof answer.scope === 'string') token.scope = answer.scope;
  return token;
}

function toNumber(value: unknown): number {
  const isNumeric = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '');
  return isNumeric ? Number(value) : Number.NaN;
}

/** In milliseconds the year 2001, in seconds the year 33658. */
const LEAST_MILLISECONDS = 1e12;

/** Returns milliseconds since the epoch; NaN if the value is not a time. */
function toTime(value: unknown): number {
  const number = toNumber(value);
  if (!Number.isNaN(number)) return number < LEAST_MILLISECONDS ? number * 1000 : number;
  // Date.parse takes texts such as "token 2050" for dates, and a time without a zone for local time.
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value)) return Number.NaN;
  return Date.parse(/[T ][\d:.]+$/i.test(value) ? `${value}Z` : value);
}
