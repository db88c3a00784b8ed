import type { Clock, TokenSet } from '../core/index.ts';
import { monotonicOf } from '../core/internal.ts';
import { createRefusals, type EndpointRequest } from './refusals.ts';

export type StateName = 'empty' | 'fresh' | 'stale' | 'expired' | 'rejected';

type Transitions = Readonly<Record<StateName, Readonly<Record<string, StateName>>>>;

/** The next state for each state and event. The events `refreshAt` and `expiresAt` are the times of the token. */
export const TRANSITIONS: Transitions = {
  empty: { received: 'fresh' },
  fresh: { refreshAt: 'stale', expiresAt: 'expired', rejected: 'rejected', received: 'fresh' },
  stale: { expiresAt: 'expired', rejected: 'rejected', received: 'fresh' },
  expired: { rejected: 'rejected', received: 'fresh' },
  rejected: { received: 'fresh' },
};

/** How many tokens in a row may be fetched without a pause although no endpoint accepted them. */
const UNACCEPTED_TOKENS = 3;
/** The shortest time between two token fetches after that, in milliseconds. */
const PAUSE = 5_000;

/** The token that one manager holds. */
export interface TokenState {
  name(): StateName;
  token(): TokenSet | undefined;
  /** Returns the token if it is fresh or stale. */
  usable(): TokenSet | undefined;
  receive(token: TokenSet, fromStore: boolean): void;
  // See TokenManager.
  accept(token: TokenSet, request?: EndpointRequest): void;
  mayReject(token: TokenSet, request: EndpointRequest): boolean;
  reject(token: TokenSet | undefined, options?: { afterReplay?: boolean }): void;
  cameFromStore(token: TokenSet): boolean;
}

export function createTokenState(clock: Clock, apiBaseUrl?: string): TokenState {
  let token: TokenSet | undefined;
  // The state at the last event, without the passage of time.
  let entered: StateName = 'empty';
  let fromStore = false;
  let isAccepted = false;
  const monotonic = monotonicOf(clock);
  let receivedAt = 0;
  let unaccepted = 0;
  const refusals = createRefusals(clock, apiBaseUrl);

  const usable = () => (token && entered !== 'rejected' && clock.now() < token.expiresAt ? token : undefined);

  return {
    /** Derived at each call instead of stored, because a clock can be set back. */
    name() {
      const now = clock.now();
      const { refreshAt = entered, expiresAt = entered } = TRANSITIONS[entered];
      if (token && now >= token.expiresAt) return expiresAt;
      return token && now >= token.refreshAt ? refreshAt : entered;
    },
    token: () => token,
    usable,
    receive(received, isFromStore) {
      refusals.replace(token, isFromStore);
      if (!isFromStore) unaccepted++;
      token = received;
      entered = 'fresh';
      fromStore = isFromStore;
      isAccepted = false;
      receivedAt = monotonic();
    },
    accept(accepted, request) {
      if (accepted === token) {
        isAccepted = true;
        unaccepted = 0;
      }
      if (request) refusals.clear(accepted, request);
    },
    mayReject(refused, request) {
      // Another token, or a refresh, replaces a token that is not usable in any case.
      if (refused !== usable()) return true;
      const mustPause = unaccepted >= UNACCEPTED_TOKENS && monotonic() - receivedAt < PAUSE;
      return !mustPause && refusals.add(refused, request);
    },
    reject(refused, { afterReplay = false } = {}) {
      // Compared by identity: a server with a cache may issue the same text again as a new token.
      if (refused !== token || (afterReplay && isAccepted)) return;
      entered = TRANSITIONS[entered].rejected ?? entered;
    },
    cameFromStore: (one) => fromStore && one === token,
  };
}
