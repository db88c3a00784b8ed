import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Clock } from './clock.ts';
import type { TokenResponse } from './token-set.ts';

/** What a grant is given when a token is needed. Times are in milliseconds. */
export interface GrantContext {
  /** Sends a request, to the token endpoint or on the way to it, with the application's proxy and agents. */
  request(config: AxiosRequestConfig): Promise<AxiosResponse>;
  /** Aborts when `tokenTimeout` is over. */
  signal: AbortSignal;
  /** When that will be, since the epoch. */
  deadline: number;
  clock: Clock;
  /** A number from 0 to 1. */
  random: () => number;
  /** How often a failed request may be retried; it can fall to 0 and rise while the grant runs. */
  readonly retries: number;
  /** The wait before the first retry. */
  retryDelay: number;
  /** The refresh token that came with the token to be replaced. */
  refreshToken?: string | undefined;
}

/** A way to get a token (RFC 6749 section 1.3); may also be a function of your own. */
export type Grant = (context: GrantContext) => Promise<TokenResponse>;
