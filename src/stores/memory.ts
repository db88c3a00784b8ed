import type { TokenSet } from '../token-set.ts';
import type { TokenStore } from './store.ts';

/** Makes a store that lives as long as the process. */
export function memoryStore(): TokenStore {
  const tokens = new Map<string, TokenSet>();
  return {
    get: async (key) => tokens.get(key),
    set: async (key, token) => {
      tokens.set(key, token);
    },
  };
}
