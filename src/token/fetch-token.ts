import axios, { type AxiosRequestConfig } from 'axios';
import {
  type Clock,
  type GrantContext,
  isTokenError,
  type KnownFromStore,
  TokenRequestError,
  type TokenResponse,
  type TokenSet,
} from '../core/index.ts';
import { toTokenSet, withDeadline } from '../core/internal.ts';
import type { TokenManagerOptions } from './token-manager-options.ts';
import type { TokenState } from './token-state.ts';

/**
 * Creates the function that fetches a token with the vendor's grants, within `tokenTimeout`.
 *
 * The function throws TokenError, or what a custom grant threw.
 */
export function createTokenFetch(
  options: TokenManagerOptions,
  clock: Clock,
  tokenTimeout: number,
  state: TokenState,
): (known: KnownFromStore) => Promise<TokenSet> {
  const { vendor, tokenClient, transportFrom } = options;
  const { refreshBuffer, defaultLifetime, random = Math.random } = options;
  const { tokenRetries = 3, tokenRetryDelay: retryDelay = 500 } = options;
  const timing = { refreshBuffer, defaultLifetime, random };
  const client = tokenClient ?? axios.create();

  /** Proxy and agents are read for each request, because the application may set them late. */
  function transport(): AxiosRequestConfig {
    const { proxy, httpAgent, httpsAgent } = (!tokenClient && transportFrom?.defaults) || {};
    return { proxy, httpAgent, httpsAgent } as AxiosRequestConfig;
  }

  return (known) => {
    const requestedAt = clock.now();
    const expired = () =>
      new TokenRequestError(
        `no token after ${tokenTimeout} ms. Check the token endpoint or raise tokenTimeout`,
        { code: 'ERR_TOKEN_TIMEOUT' },
      );
    const toSet = (response: TokenResponse) => toTokenSet(response, requestedAt, timing);

    return withDeadline(clock, tokenTimeout, expired, async (signal) => {
      const context = (refreshToken?: string): GrantContext => ({
        // Bypass the guard: a token request must never wait for a token.
        request: (config) => client.request({ ...transport(), ...config, authRefresh: false }),
        signal,
        deadline: requestedAt + tokenTimeout,
        clock,
        random,
        // While a token is usable nobody waits for the retries. The next request refreshes again, and a script can exit.
        get retries() {
          return state.usable() ? 0 : tokenRetries;
        },
        retryDelay,
        refreshToken,
      });
      const refreshToken = known.refreshToken ?? state.token()?.refreshToken;
      if (vendor.refreshGrant && refreshToken) {
        try {
          return toSet(await vendor.refreshGrant(context(refreshToken)));
        } catch (error) {
          if (!isTokenError(error) || error.error !== 'invalid_grant') throw error;
          // Another process may have rotated the refresh token a moment ago and stored the new one.
          const adopted = await known.lookAgain?.();
          if (adopted) return adopted;
        }
      }
      return toSet(await vendor.grant(context()));
    });
  };
}
