import axios, { type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { isError } from './realm.ts';
import type { RequestTotals } from './request-options.ts';

/** The `code` of every error this package raises. */
export type AuthRefreshErrorCode =
  /** The token endpoint refused the grant (RFC 6749 section 5.2). */
  | 'ERR_TOKEN_ENDPOINT'
  /** The token endpoint is unreachable, or answered 408 or 5xx. */
  | 'ERR_TOKEN_REQUEST'
  /** The token endpoint did not answer within `tokenTimeout`. */
  | 'ERR_TOKEN_TIMEOUT'
  /** The token endpoint throttles this client. */
  | 'ERR_TOKEN_THROTTLED'
  /** The token endpoint answered 2xx without a bearer token. */
  | 'ERR_TOKEN_RESPONSE'
  /** The token store failed. */
  | 'ERR_TOKEN_STORE'
  /** The request needs a token, or the API's base URL that arrives with a token, and may not start a token fetch. */
  | 'ERR_NO_TOKEN'
  /** A function that you passed failed, such as a secret, a grant, `onToken`, `shouldRefresh` or a body factory. */
  | 'ERR_CALLBACK';

// A property, not `instanceof`: an error may come from another copy of this package.
const BRAND = Symbol.for('axios-oauth-refresh.error');

interface TokenErrorFields {
  code: AuthRefreshErrorCode;
  /** HTTP status of the token endpoint's response, if it responded. */
  status?: number | undefined;
  /** Milliseconds to wait before the next token request, from `Retry-After` (RFC 9110 section 10.2.3). */
  retryAfter?: number | undefined;
  /** `error` of RFC 6749 section 5.2, such as `invalid_client`. */
  error?: string | undefined;
  /** `error_description` of RFC 6749 section 5.2, with every secret redacted. */
  errorDescription?: string | undefined;
}

/**
 * The reason why no token could be obtained. `name` and `code` distinguish its four subclasses.
 * Contains only strings and numbers, never a request, a token or a secret.
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

  /** Without this method, the JSON of an event would lack the message of its error. */
  toJSON(): object {
    return { ...this, message: this.message };
  }
}

/** The token endpoint refused the grant (RFC 6749 section 5.2). */
export class TokenEndpointError extends TokenError {
  override readonly name = 'TokenEndpointError';
}

/** The token request failed: network error, timeout, throttling, 408 or 5xx; or a callback failed. */
export class TokenRequestError extends TokenError {
  override readonly name = 'TokenRequestError';
}

/** The token endpoint answered 2xx without a bearer token. */
export class TokenResponseError extends TokenError {
  override readonly name = 'TokenResponseError';
}

/** The token store failed or did not answer in time. */
export class TokenStoreError extends TokenError {
  override readonly name = 'TokenStoreError';
}

/**
 * A request failed because no valid token could be obtained.
 *
 * `isAxiosError(error)` returns true. `config` is the config of the request. `response` is the API's 401, if the API answered 401.
 * `code` is an {@link AuthRefreshErrorCode}. `cause` is the {@link TokenError}, or the error of the callback.
 */
export class AuthRefreshError extends (axios.AxiosError ?? Error) {
  declare code: AuthRefreshErrorCode;
  declare attempts?: RequestTotals['attempts'];
  declare replays?: RequestTotals['replays'];
  declare waited?: RequestTotals['waited'];

  constructor(
    message: string,
    code: AuthRefreshErrorCode,
    config: InternalAxiosRequestConfig,
    response?: AxiosResponse,
    cause?: Error,
  ) {
    super(message, code, config, undefined, response);
    this.name = 'AuthRefreshError';
    // axios before 1.7 does not set `status`.
    if (response) this.status = response.status;
    Object.defineProperties(this, {
      cause: { value: cause, configurable: true, writable: true },
      [BRAND]: { value: 'request' },
    });
  }
}

/** Options are invalid. `problems` lists every problem. */
export class ConfigurationError extends Error {
  declare readonly problems: readonly string[];

  constructor(what: string, problems: readonly string[]) {
    super(`${what}: ${problems.join('; ')}.`);
    this.name = 'ConfigurationError';
    this.problems = problems;
  }

  toJSON(): object {
    return { ...this, message: this.message };
  }
}

/** Returns whether a value is an {@link AuthRefreshError}, also if another copy of this package created it. */
export function isAuthRefreshError(error: unknown): error is AuthRefreshError {
  return (error as Branded)?.[BRAND] === 'request';
}

/** Returns whether a value is a {@link TokenError}, also if another copy of this package created it. */
export function isTokenError(error: unknown): error is TokenError {
  return (error as Branded)?.[BRAND] === 'token';
}

type Branded = { [BRAND]?: unknown } | null | undefined;

/** Returns the message of a thrown value, which need not be an Error. */
export function messageOf(thrown: unknown): string {
  if (isError(thrown)) return thrown.message;
  return typeof thrown === 'string' ? thrown : 'a non-Error value was thrown';
}

/** Creates the error of a request for which a callback failed. */
export function callbackFailed(
  name: string,
  thrown: unknown,
  config: InternalAxiosRequestConfig,
  response?: AxiosResponse,
): AuthRefreshError {
  const cause = isError(thrown) ? thrown : undefined;
  return new AuthRefreshError(
    `${name} failed: ${messageOf(thrown)}`,
    'ERR_CALLBACK',
    config,
    response,
    cause,
  );
}
