import type { Clock, RefreshReason, TokenSet } from '../core/index.ts';

export type StateName = 'empty' | 'fresh' | 'stale' | 'expired' | 'rejected';

type Transitions = Readonly<Record<StateName, Readonly<Record<string, StateName>>>>;

/** What leads from one state to the next. `refreshAt` and `expiresAt` are the times of the token. */
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
  readonly name: StateName;
  readonly token: TokenSet | undefined;
  /** The token, if it is fresh or stale. */
  readonly usable: TokenSet | undefined;
  /** Whether the token is the current one and was fetched by another process. */
  cameFromStore(token: TokenSet): boolean;
  receive(token: TokenSet, fromStore: boolean): void;
  accept(token: TokenSet): void;
  reject(token: TokenSet | undefined, afterReplay: boolean): void;
}

export function createTokenState(clock: Clock): TokenState {
  let token: TokenSet | undefined;
  // The state in which the token is apart from time.
  let entered: StateName = 'empty';
  let fromStore = false;
  let isAccepted = false;
  let ignoreRejectionsUntil = 0;

  /** Derived at each call and not kept, because a clock can be set back. */
  function nameNow(): StateName {
    if (!token) return entered;
    const now = clock.now();
    const { refreshAt, expiresAt } = TRANSITIONS[entered];
    if (expiresAt && now >= token.expiresAt) return expiresAt;
    return refreshAt && now >= token.refreshAt ? refreshAt : entered;
  }

  return {
    get name() {
      return nameNow();
    },
    get token() {
      return token;
    },
    get usable() {
      return token && entered !== 'rejected' && clock.now() < token.expiresAt ? token : undefined;
    },
    cameFromStore: (one) => fromStore && one === token,
    receive(received, isFromStore) {
      token = received;
      entered = 'fresh';
      fromStore = isFromStore;
      isAccepted = false;
      ignoreRejectionsUntil = 0;
    },
    accept(accepted) {
      if (accepted === token) isAccepted = true;
    },
    reject(refused, afterReplay) {
      // By identity: a server that caches issues the same text again, and that is a new token all the same.
      if (refused !== token) return;
      const now = clock.now();
      if (afterReplay) ignoreRejectionsUntil = now + IGNORE_REJECTIONS;
      else if (isAccepted || now >= ignoreRejectionsUntil) entered = TRANSITIONS[entered].rejected ?? entered;
    },
  };
}

/** The reason for a refresh: the state that makes it necessary. */
export function refreshReason(name: StateName): RefreshReason {
  return name === 'fresh' ? 'stale' : name;
}
