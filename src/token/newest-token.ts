import type { Clock, StoredToken, TokenSet } from '../core/index.ts';
import { toStoredTokenSet } from '../core/internal.ts';

/** The newest token that one manager has read from the store or written to it. */
export interface NewestToken {
  readonly token: TokenSet | undefined;
  isToken(stored: StoredToken): boolean;
  /** Returns a stored token, checked, if it is newer. */
  newer(stored: StoredToken | undefined): StoredToken | undefined;
  /** @param fence undefined for a token that the store does not hold. */
  keep(token: TokenSet, fence?: number): TokenSet;
}

/**
 * Compares tokens by the fences of their locks. A stored token that only differs, or that only expires later, may have been revoked before this
 * manager fetched its own.
 */
export function createNewestToken(clock: Clock): NewestToken {
  let newestFence = 0;
  let token: TokenSet | undefined;
  // No fence tells the age of a token that the store does not hold: the later expiry counts as well.
  let isStored = true;

  const check = (stored: StoredToken) => toStoredTokenSet(stored.token, clock.now());
  return {
    get token() {
      return token;
    },
    isToken: (stored) => check(stored) !== undefined,
    newer(stored) {
      const checked = stored && check(stored);
      if (!checked || !(stored.fence > newestFence)) return undefined;
      return token && !isStored && checked.expiresAt <= token.expiresAt
        ? undefined
        : { ...stored, token: checked };
    },
    keep(kept, fence) {
      newestFence = fence ?? newestFence;
      isStored = fence !== undefined;
      token = kept;
      return kept;
    },
  };
}
