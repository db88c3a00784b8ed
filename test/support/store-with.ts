import type { SharedTokenStore, TokenStore } from '../../src/core/token-store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { sharedStore } from '../../src/token/shared-store.ts';

/** Creates a memory store with some methods replaced. */
export function storeWith(methods: Partial<TokenStore>): SharedTokenStore {
  return sharedStore({ ...memoryStore(), ...methods });
}
