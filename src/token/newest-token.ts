import type { Clock, StoredToken, TokenSet } from '../core/index.ts';
import { toStoredTokenSet } from '../core/internal.ts';

/** The newest token that one manager has read from the store or written to it. */
export interface NewestToken {
  readonly token: TokenSet | undefined;
  isToken(stored: StoredToken): boolean;
  /** Checks a stored token and returns it if it is newer. */
  newer(stored: StoredToken | undefined): StoredToken | undefined;
  /**
   * @param fence undefined for a token that the store does not hold.
   * @param replaced the fence of the stored token whose refresh token was used for this token, and must not be used again.
   */
  keep(token: TokenSet, fence?: number, replaced?: number): TokenSet;
}

/**
 * Compares tokens by the fences of their locks. A stored token that differs, or that expires later, is not necessarily newer: it may have
 * been revoked before this manager fetched its own.
 */
export function createNewestToken(clock: Clock): NewestToken {
  let newestFence = 0;
  let token: TokenSet | undefined;
  // A token that the store does not hold has no fence, so the expiry is compared as well.
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
    keep(kept, fence, replaced = 0) {
      newestFence = fence ?? Math.max(newestFence, replaced);
      isStored = fence !== undefined;
      token = kept;
      return kept;
    },
  };
}
