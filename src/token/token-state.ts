import type { Clock, TokenSet } from '../core/index.ts';

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

/** Milliseconds for which rejections are ignored after the API refused a token that was fetched for a replay. */
const IGNORE_REJECTIONS = 5_000;

/** The token that one manager holds. */
export interface TokenState {
  name(): StateName;
  token(): TokenSet | undefined;
  /** Returns the token if it is fresh or stale. */
  usable(): TokenSet | undefined;
  receive(token: TokenSet, fromStore: boolean): void;
  // See TokenManager.
  accept(token: TokenSet): void;
  reject(token: TokenSet | undefined, options?: { afterReplay?: boolean }): void;
  cameFromStore(token: TokenSet): boolean;
}

export function createTokenState(clock: Clock): TokenState {
  let token: TokenSet | undefined;
  // The state at the last event, without the passage of time.
  let entered: StateName = 'empty';
  let fromStore = false;
  let isAccepted = false;
  let ignoreRejectionsUntil = 0;

  return {
    /** Derived at each call instead of stored, because a clock can be set back. */
    name() {
      const now = clock.now();
      const { refreshAt = entered, expiresAt = entered } = TRANSITIONS[entered];
      if (token && now >= token.expiresAt) return expiresAt;
      return token && now >= token.refreshAt ? refreshAt : entered;
    },
    token: () => token,
    usable: () => (token && entered !== 'rejected' && clock.now() < token.expiresAt ? token : undefined),
    receive(received, isFromStore) {
      token = received;
      entered = 'fresh';
      fromStore = isFromStore;
      isAccepted = false;
      ignoreRejectionsUntil = 0;
    },
    accept(accepted) {
      isAccepted ||= accepted === token;
    },
    reject(refused, { afterReplay = false } = {}) {
      // Compared by identity: a server with a cache may issue the same text again as a new token.
      if (refused !== token) return;
      const now = clock.now();
      if (afterReplay) ignoreRejectionsUntil = now + IGNORE_REJECTIONS;
      else if (isAccepted || now >= ignoreRejectionsUntil) entered = TRANSITIONS[entered].rejected ?? entered;
    },
    cameFromStore: (one) => fromStore && one === token,
  };
}
