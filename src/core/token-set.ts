import { TokenResponseError } from './errors.ts';
import { urlProblem } from './resource-origins.ts';

/** The result of a grant: a checked token response (RFC 6749 section 5.1). */
export interface TokenResponse {
  accessToken: string;
  /** Milliseconds, counted from the token request; absent if the server does not state a lifetime. */
  lifetime?: number | undefined;
  refreshToken?: string | undefined;
  scope?: string | undefined;
  /** The base URL of the API. Ignored unless the vendor sets `announcesApi`. */
  apiBaseUrl?: string | undefined;
}

/** A token and its times, in milliseconds since the epoch. */
export interface TokenSet extends Omit<TokenResponse, 'lifetime'> {
  /** When a background refresh is due. The token is used until the new token arrives. */
  refreshAt: number;
  /** When the token expires. */
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

/** The longest accepted lifetime, in milliseconds. */
export const YEAR = 365 * 24 * 3_600_000;

// RFC 6749 appendix A.12 without the space, which would end the credentials in an Authorization field.
const ACCESS_TOKEN = /^[\x21-\x7e]+$/;

/** Returns whether a value can be sent in an `Authorization` field. */
export function isAccessToken(value: unknown): value is string {
  return typeof value === 'string' && ACCESS_TOKEN.test(value);
}

/**
 * Returns the token in an untrusted value of a store, without unknown members. Returns undefined if a member is invalid.
 *
 * @param now milliseconds since the epoch, to reject times that are more than two years ahead.
 */
export function toStoredTokenSet(value: unknown, now: number): TokenSet | undefined {
  const { accessToken, refreshToken, scope, apiBaseUrl, refreshAt, expiresAt } = Object(value) as TokenSet;
  const isTime = (time: unknown) => typeof time === 'number' && time > 0 && time <= now + 2 * YEAR;
  if (!isAccessToken(accessToken) || !isTime(refreshAt) || !isTime(expiresAt)) return undefined;
  if ([refreshToken, scope].some((text) => text !== undefined && typeof text !== 'string')) return undefined;
  // The token is sent to this URL.
  if (apiBaseUrl !== undefined && urlProblem(apiBaseUrl)) return undefined;
  return Object.freeze({ accessToken, refreshToken, scope, apiBaseUrl, refreshAt, expiresAt });
}

/**
 * Returns a token with times for a token response.
 *
 * `expiresAt` counts from the start of the request, because the server starts to count later. `refreshAt` is `refreshBuffer` plus a
 * jitter of up to a tenth of the buffer before `expiresAt`, but never before 80 % of the lifetime: otherwise every request would
 * refresh a token with a lifetime of one minute. A lifetime is at most a year.
 *
 * @throws TokenResponseError if a custom grant returned no valid access token.
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
  const { lifetime: stated, ...rest } = response as TokenResponse;
  const lifetime = typeof stated === 'number' && stated > 0 ? Math.min(stated, YEAR) : defaultLifetime;
  const expiresAt = requestedAt + lifetime;
  const early = refreshBuffer * (1 + 0.1 * random());
  const refreshAt = Math.max(expiresAt - early, requestedAt + 0.8 * lifetime);
  return Object.freeze({ ...rest, refreshAt, expiresAt });
}
