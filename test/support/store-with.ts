import type { TokenStore } from '../../src/core/token-store.ts';
import { memoryStore } from '../../src/stores/memory.ts';

/** A store of which some calls are others. */
export function storeWith(calls: Partial<TokenStore>): TokenStore {
  return { ...memoryStore(), ...calls };
}
