import { memoryStore } from '../../src/stores/memory.ts';
import type { TokenStore } from '../../src/stores/store.ts';

/** A store of which some calls are others. */
export function storeWith(calls: Partial<TokenStore>): TokenStore {
  return { ...memoryStore(), ...calls };
}
