import { type Clock, isTokenError, type StoredToken, type TokenSet } from '../core/index.ts';
import { toStoredTokenSet, YEAR } from '../core/internal.ts';
import type { GuardedStore } from './guarded-store.ts';
import type { FamilyKeys } from './store-key.ts';

/** The refresh token that several managers share through a store. */
export interface RefreshFamily {
  readonly keys: FamilyKeys;
  /**
   * Reads the refresh token and notes that it is in use, while the lock of the family is held.
   *
   * @param access the stored access token of this manager.
   * @param fence the fence of the family's lock.
   * @returns undefined if another process has acquired the lock since.
   */
  use(access: StoredToken | undefined, fence: number): Promise<RefreshTokenUse | undefined>;
  /** Call it after a token was stored, or could not be stored. */
  fetched(isStored: boolean): void;
}

/** One use of the refresh token. */
export interface RefreshTokenUse {
  /** Undefined if the manager's own refresh token, or the initial one, is the newest. */
  readonly refreshToken: string | undefined;
  /** Returns the key and the entry for a fetched token. @param accessFence the fence of the lock on the access token. */
  entry(token: TokenSet, accessFence: number): readonly [key: string, stored: StoredToken];
  /** Completes the error of a failed fetch, and withdraws the note if the server has refused the refresh token. */
  failed(thrown: unknown): Promise<void>;
}

/**
 * Creates the family of a manager. A store accepts one write for each key and lock, so the refresh token and the note that it is in use have
 * keys of their own.
 *
 * An earlier version of this package, which does not support families, stores its refresh token with the access token alone. The entry of
 * the family therefore names the access token that was stored with it, and the fence of that access token.
 */
export function createFamily(
  keys: FamilyKeys,
  accessKey: string,
  store: GuardedStore,
  clock: Clock,
): RefreshFamily {
  let position = '';
  // The position of the store when this manager fetched a token that could not be stored.
  let behind: string | undefined;

  async function read(key: string): Promise<StoredToken | undefined> {
    const stored = await store.get(key, undefined);
    const token = stored && toStoredTokenSet(stored.token, clock.now());
    return token && { ...stored, token };
  }

  function entry(more: Pick<TokenSet, 'accessToken' | 'refreshToken' | 'scope'>, fence: number): StoredToken {
    const time = clock.now() + YEAR;
    return { token: { ...more, refreshAt: time, expiresAt: time }, fence };
  }

  return {
    keys,
    async use(access, fence) {
      const family = await read(keys.token);
      const mark = await read(keys.mark);
      const known = access && toStoredTokenSet(access.token, clock.now()) ? access : undefined;
      const withFence = (refreshToken: string | undefined, accessFence = 0) =>
        entry({ accessToken: accessKey, scope: `${accessFence}`, refreshToken }, fence);
      const isOfOwnAccess = family?.token.accessToken === accessKey;
      const isByEarlierVersion =
        known?.token.refreshToken !== undefined &&
        (!family || (isOfOwnAccess && known.fence > Number(family.token.scope)));
      const stored = isByEarlierVersion ? known : family;
      position = isByEarlierVersion ? `${accessKey} ${known.fence}` : `${family?.fence ?? 0}`;
      const isInterrupted = mark?.token.scope === position;
      const note = entry({ accessToken: 'in-use', scope: position }, fence);
      if (!(await store.set(keys.mark, note))) return undefined;
      return {
        refreshToken: position === behind ? undefined : stored?.token.refreshToken,
        entry: (token, accessFence) => [keys.token, withFence(token.refreshToken, accessFence)],
        async failed(thrown) {
          if (!isTokenError(thrown) || thrown.code !== 'ERR_TOKEN_ENDPOINT') return;
          // The server refused the client, whatever happened to the refresh token.
          const isRefused = thrown.error !== 'invalid_client';
          if (isInterrupted && isRefused) {
            thrown.message +=
              '. The rotation of the refresh token was interrupted: a process sent the refresh token and stored no answer. ' +
              'Authorize the application again and set the new refreshToken';
          } else if (!isInterrupted) {
            // The server has answered, so the next process must not report an interrupted rotation. `store` reports its error.
            await store.set(keys.token, withFence(stored?.token.refreshToken, known?.fence)).catch(() => {});
          }
        },
      };
    },
    fetched(isStored) {
      behind = isStored ? undefined : position;
    },
  };
}
