import { TokenResponseError } from './errors.ts';
import { urlProblem } from './resource-origins.ts';

/** What a grant brought home: the answer of RFC 6749 section 5.1, checked. */
export interface TokenResponse {
  accessToken: string;
  /** Milliseconds from the token request on; absent when the server did not say. */
  lifetime?: number | undefined;
  refreshToken?: string | undefined;
  scope?: string | undefined;
  /** Where the vendor says this client's API is, for vendors that say it with the token. */
  apiBaseUrl?: string | undefined;
}

/** A token and the times that decide about it, in milliseconds since the epoch. */
export interface TokenSet extends Omit<TokenResponse, 'lifetime'> {
  /** From here on a new token is fetched in the background, while this one is still used. */
  refreshAt: number;
  /** From here on the token is not used any more. */
  expiresAt: number;
}

/** When tokens are refreshed, see {@link toTokenSet}. */
export interface RefreshTiming {
  /** Milliseconds before expiry at which a refresh is due. @default 300_000 */
  refreshBuffer?: number | undefined;
  /** The lifetime of a token in milliseconds if the server does not state one. @default 3_600_000 */
  defaultLifetime?: number | undefined;
  /** A number from 0 to 1, which spreads the refreshes of many processes. @default Math.random */
  random?: (() => number) | undefined;
}

/** The longest lifetime that is believed, in milliseconds. */
export const YEAR = 365 * 24 * 3_600_000;

// RFC 6749 appendix A.12 less the space, which would end the credentials in an Authorization field.
const ACCESS_TOKEN = /^[\x21-\x7e]+$/;

/** Tells whether a value can stand in an `Authorization` field. */
export function isAccessToken(value: unknown): value is string {
  return typeof value === 'string' && ACCESS_TOKEN.test(value);
}

/**
 * Takes a token out of what a store holds, which anybody may have put there: its own members alone, and undefined when one
 * of them is not what it should be.
 *
 * @param now milliseconds since the epoch: nothing that is believed to live for over a year is.
 */
export function toStoredTokenSet(value: unknown, now: number): TokenSet | undefined {
  const { accessToken, refreshToken, scope, apiBaseUrl, refreshAt, expiresAt } = Object(value) as TokenSet;
  const isTime = (time: unknown) => typeof time === 'number' && time > 0 && time <= now + 2 * YEAR;
  if (!isAccessToken(accessToken) || !isTime(refreshAt) || !isTime(expiresAt)) return undefined;
  if ([refreshToken, scope].some((text) => text !== undefined && typeof text !== 'string')) return undefined;
  // The token is sent there.
  if (apiBaseUrl !== undefined && urlProblem(apiBaseUrl)) return undefined;
  return Object.freeze({ accessToken, refreshToken, scope, apiBaseUrl, refreshAt, expiresAt });
}

/**
 * Turns a token response into a token with times.
 *
 * `expiresAt` counts from the moment the request began: the server started counting somewhere after it. `refreshAt`
 * is `refreshBuffer` before that, less a jitter of up to a tenth of the buffer, yet never before 80 % of the lifetime
 * has passed: a token that lives for a minute is not fetched again for every request.
 *
 * A lifetime over a year is taken as a year.
 *
 * @throws TokenResponseError when a grant of the caller's own returned no token.
 */
export function toTokenSet(
  response: TokenResponse | undefined,
  requestedAt: number,
  { refreshBuffer = 300_000, defaultLifetime = 3_600_000, random = Math.random }: RefreshTiming,
): TokenSet {
  if (!isAccessToken(response?.accessToken)) {
    throw new TokenResponseError("the vendor's grant returned no valid accessToken", {
      code: 'ERR_TOKEN_RESPONSE',
    });
  }
  const { lifetime: said, ...rest } = response as TokenResponse;
  const lifetime = typeof said === 'number' && said > 0 ? Math.min(said, YEAR) : defaultLifetime;
  const expiresAt = requestedAt + lifetime;
  const early = refreshBuffer * (1 + 0.1 * random());
  const refreshAt = Math.max(expiresAt - early, requestedAt + 0.8 * lifetime);
  return Object.freeze({ ...rest, refreshAt, expiresAt });
}
