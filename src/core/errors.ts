import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';

/** The `code` of every error this package raises. */
export type AuthRefreshErrorCode =
  /** The token endpoint refused the grant (RFC 6749 section 5.2). */
  | 'ERR_TOKEN_ENDPOINT'
  /** The token endpoint could not be reached, or answered 408 or 5xx. */
  | 'ERR_TOKEN_REQUEST'
  /** The token endpoint did not answer within `tokenTimeout`. */
  | 'ERR_TOKEN_TIMEOUT'
  /** The token endpoint throttles this client. */
  | 'ERR_TOKEN_THROTTLED'
  /** The token endpoint answered 2xx with something that is no bearer token. */
  | 'ERR_TOKEN_RESPONSE'
  /** The token store failed. */
  | 'ERR_TOKEN_STORE'
  /** A function of the caller's failed: a secret, a grant, `shouldRefresh` or a body factory. */
  | 'ERR_CALLBACK';

// A property, not `instanceof`: an error may come from another copy of this package.
const BRAND = Symbol.for('axios-oauth-refresh.error');

interface TokenErrorFields {
  code: AuthRefreshErrorCode;
  /** HTTP status of the token endpoint's answer, when there was one. */
  status?: number | undefined;
  /** Milliseconds the token endpoint asked to be left alone (RFC 9110 section 10.2.3). */
  retryAfter?: number | undefined;
  /** `error` of RFC 6749 section 5.2, such as `invalid_client`. */
  error?: string | undefined;
  /** `error_description` of RFC 6749 section 5.2, with every secret taken out. */
  errorDescription?: string | undefined;
}

/**
 * Why a token could not be had: the parent of the four classes below, which `name` and `code` tell apart.
 * Holds strings and numbers only, never a request, a token or a secret.
 */
export abstract class TokenError extends Error {
  declare readonly code: AuthRefreshErrorCode;
  declare readonly status?: number;
  declare readonly retryAfter?: number;
  declare readonly error?: string;
  declare readonly errorDescription?: string;

  constructor(message: string, fields: TokenErrorFields) {
    super(message);
    for (const [key, value] of Object.entries(fields)) {
      if (value !== undefined) Object.assign(this, { [key]: value });
    }
    Object.defineProperty(this, BRAND, { value: 'token' });
  }
}

/** The token endpoint refused: it answered with an error (RFC 6749 section 5.2). */
export class TokenEndpointError extends TokenError {
  override readonly name = 'TokenEndpointError';
}

/** The token endpoint gave no usable answer: network failure, timeout, throttle or 5xx; or a callback failed. */
export class TokenRequestError extends TokenError {
  override readonly name = 'TokenRequestError';
}

/** The token endpoint answered 2xx, but with something that is no bearer token. */
export class TokenResponseError extends TokenError {
  override readonly name = 'TokenResponseError';
}

/** The token store failed or did not answer in time. */
export class TokenStoreError extends TokenError {
  override readonly name = 'TokenStoreError';
}

/**
 * A request failed because no valid token could be had for it.
 *
 * `isAxiosError(error)` holds; `config` is the caller's; `response` is the API's own 401 where there was one;
 * `code` is an {@link AuthRefreshErrorCode}; `cause` says what went wrong at the token endpoint.
 */
export class AuthRefreshError extends AxiosError {
  declare code: AuthRefreshErrorCode;

  constructor(
    message: string,
    code: AuthRefreshErrorCode,
    config: InternalAxiosRequestConfig,
    response?: AxiosResponse,
    cause?: Error,
  ) {
    super(message, code, config, undefined, response);
    this.name = 'AuthRefreshError';
    // Before 1.7 axios does not set it.
    if (response) this.status = response.status;
    Object.defineProperties(this, {
      cause: { value: cause, configurable: true, writable: true },
      [BRAND]: { value: 'request' },
    });
  }
}

/** Options that cannot work: `problems` lists every one of them. */
export class ConfigurationError extends Error {
  declare readonly problems: readonly string[];

  constructor(what: string, problems: readonly string[]) {
    super(`${what}: ${problems.join('; ')}.`);
    this.name = 'ConfigurationError';
    this.problems = problems;
  }
}

/** Tells whether a value is an {@link AuthRefreshError}, also one of another copy of this package. */
export function isAuthRefreshError(error: unknown): error is AuthRefreshError {
  return (error as Branded)?.[BRAND] === 'request';
}

/** Tells whether a value is a {@link TokenError}, also one of another copy of this package. */
export function isTokenError(error: unknown): error is TokenError {
  return (error as Branded)?.[BRAND] === 'token';
}

type Branded = { [BRAND]?: unknown } | null | undefined;

/** What was thrown, in words: anything can be. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return `${thrown.message}`;
  return typeof thrown === 'string' ? thrown : 'it threw what is no Error';
}

/** The error of a request for which a function of the caller's failed. */
export function callbackFailed(
  name: string,
  thrown: unknown,
  config: InternalAxiosRequestConfig,
  response?: AxiosResponse,
): AuthRefreshError {
  const cause = thrown instanceof Error ? thrown : undefined;
  return new AuthRefreshError(
    `${name} failed: ${messageOf(thrown)}`,
    'ERR_CALLBACK',
    config,
    response,
    cause,
  );
}
