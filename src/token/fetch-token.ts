import axios, { type AxiosRequestConfig } from 'axios';
import {
  type Clock,
  type Grant,
  type GrantContext,
  type SharedFetch,
  TokenRequestError,
  type TokenResponse,
  type TokenSet,
} from '../core/index.ts';
import { ownValue, toTokenSet, withDeadline } from '../core/internal.ts';
import { toTokenError } from './to-token-error.ts';
import type { TokenManagerOptions } from './token-manager-options.ts';
import type { TokenState } from './token-state.ts';

/** Fetches tokens with the vendor's grants. */
export interface TokenFetch {
  /** Fetches a token within `tokenTimeout`. Rejects with a TokenError, or with what a custom grant threw. */
  readonly fetch: SharedFetch;
  /** Throws if a grant is on the call stack: it would wait for itself. */
  refuseGrant(): void;
}

const USE_REQUEST =
  'A grant must not use the attached instance, which waits for the grant: use the request function that the grant receives';

/** @param isAwaited returns whether a caller waits for the new token although the current one is usable. */
export function createTokenFetch(
  options: TokenManagerOptions,
  clock: Clock,
  tokenTimeout: number,
  state: TokenState,
  isAwaited: () => boolean,
): TokenFetch {
  const { vendor, tokenClient, transportFrom } = options;
  const { refreshBuffer, defaultLifetime, random = Math.random } = options;
  const { tokenRetries = 3, tokenRetryDelay: retryDelay = 500 } = options;
  const timing = { refreshBuffer, defaultLifetime, random };
  const client = tokenClient ?? axios.create();
  // The new instance has the headers of `axios.defaults`, which the application may have meant for its API.
  if (!tokenClient) client.defaults.headers = { Accept: 'application/json, */*' } as never;
  /** Refresh tokens that the server has refused. */
  const dropped = new Set<string | undefined>();
  let isStarting = false;

  /** Proxy and agents are read for each request, because the application may set them late. */
  function transport(): AxiosRequestConfig {
    const defaults: AxiosRequestConfig =
      (!tokenClient && (transportFrom?.defaults as AxiosRequestConfig)) || {};
    const names = ['proxy', 'httpAgent', 'httpsAgent'] as const;
    return Object.fromEntries(names.map((name) => [name, ownValue(defaults, name)]));
  }

  const fetch: SharedFetch = (known) => {
    const requestedAt = clock.now();
    let isSent = false;
    const expired = () =>
      new TokenRequestError(
        `no token after ${tokenTimeout} ms. ${isSent ? 'Check the token endpoint or raise tokenTimeout' : `No token request was sent: a secret or grant function hangs. ${USE_REQUEST}`}`,
        { code: 'ERR_TOKEN_TIMEOUT' },
      );

    return withDeadline(clock, tokenTimeout, expired, async (signal) => {
      async function run(grant: Grant, more: Partial<GrantContext>): Promise<TokenSet> {
        let response: Promise<TokenResponse>;
        isStarting = true;
        try {
          response = grant({
            request(config) {
              isSent = true;
              // Bypass the guard: a token request must never wait for a token.
              return client.request({ ...transport(), ...config, authRefresh: false });
            },
            signal,
            deadline: requestedAt + tokenTimeout,
            clock,
            random,
            // While a token is usable nobody waits for the retries. The next request refreshes again, and a script can exit.
            get retries() {
              return state.usable() && !isAwaited() ? 0 : tokenRetries;
            },
            retryDelay,
            ...more,
          });
        } finally {
          isStarting = false;
        }
        return toTokenSet(await response, requestedAt, timing);
      }

      const refreshToken = known.refreshToken ?? state.token()?.refreshToken;
      let refused: GrantContext['refused'];
      if (vendor.refreshGrant && refreshToken && !dropped.has(refreshToken)) {
        try {
          return await run(vendor.refreshGrant, { refreshToken });
        } catch (thrown) {
          const error = toTokenError(thrown, clock.now());
          // A redirect says nothing about the refresh token.
          const isRefusal = error.code === 'ERR_TOKEN_ENDPOINT' && !/^3/.test(`${error.status}`);
          // An own grant may throw anything after a refusal, so the first grant decides.
          if (!isRefusal && (error === thrown || error.code !== 'ERR_CALLBACK')) throw error;
          // Another process may have rotated the refresh token a moment ago and stored the new one.
          const adopted = await known.lookAgain?.();
          if (adopted) return adopted;
          refused = { refreshToken, error };
          // `invalid_client` says nothing about the refresh token either.
          if (isRefusal && error.error !== 'invalid_client') dropped.add(refreshToken);
        }
      }
      const token = await run(vendor.grant, { refused });
      // Some servers issue the same refresh token again.
      dropped.delete(token.refreshToken);
      return token;
    });
  };

  return {
    fetch,
    refuseGrant() {
      if (isStarting) throw new TokenRequestError(USE_REQUEST, { code: 'ERR_CALLBACK' });
    },
  };
}
