import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Clock } from './clock.ts';
import type { TokenError } from './errors.ts';
import type { TokenResponse } from './token-set.ts';

/** The argument of a grant. Times are in milliseconds. */
export interface GrantContext {
  /** Sends a token request or a discovery request, with the application's proxy and agents. */
  request(config: AxiosRequestConfig): Promise<AxiosResponse>;
  /** Aborts at the deadline. */
  signal: AbortSignal;
  /** The time, since the epoch, at which `tokenTimeout` ends. */
  deadline: number;
  clock: Clock;
  /** A number from 0 to 1. */
  random: () => number;
  /** How often a failed request may be retried. The value can change while the grant runs: it is 0 while a token is usable. */
  readonly retries: number;
  /** The wait before the first retry. It doubles each time. */
  retryDelay: number;
  /** The refresh token of the token that is replaced. */
  refreshToken?: string | undefined;
  /** Set for `grant` if the server has just refused the refresh token: a grant must not send this refresh token again. */
  refused?: { readonly refreshToken: string; readonly error: TokenError } | undefined;
}

/** Fetches a token (RFC 6749 section 1.3). You can write your own. */
export type Grant = (context: GrantContext) => Promise<TokenResponse>;
