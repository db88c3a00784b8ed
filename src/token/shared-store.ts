import type { SharedTokenStore, TokenStore } from '../core/index.ts';
import { refuse } from '../core/internal.ts';
import { shareToken } from './shared-token.ts';

/**
 * Wraps a store of your own for token managers. The stores of this package need no wrapping.
 *
 * @throws ConfigurationError if the store lacks a method.
 * @example
 * createTokenManager({ vendor, store: sharedStore(myStore) });
 */
export function sharedStore(store: TokenStore): SharedTokenStore {
  const missing = (['get', 'set', 'withLock', 'close'] as const).filter(
    (name) => typeof store?.[name] !== 'function',
  );
  refuse('sharedStore', [missing.length > 0 && `the store lacks ${missing.join(', ')}; see TokenStore`]);
  return {
    get: (key) => store.get(key),
    set: (key, stored) => store.set(key, stored),
    withLock: (key, options, work) => store.withLock(key, options, work),
    close: () => store.close(),
    share(options) {
      const { tokenKey, storeKeys } = options.vendor;
      refuse('createTokenManager', [
        // Without a tokenKey, two clients would share a key.
        !(tokenKey === undefined && storeKeys) &&
          (typeof tokenKey !== 'string' || tokenKey === '') &&
          "store requires a vendor with a tokenKey, a text that distinguishes this client's tokens from all others",
      ]);
      return shareToken(store, options);
    },
  };
}
