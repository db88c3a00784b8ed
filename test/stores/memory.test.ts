import { describe, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory.ts';
import { tokenStoreContract } from '../../src/testing/store-contract.ts';

describe('memoryStore', () => {
  // Each memory store has its own data, so all cases share one store.
  for (const { name, run } of tokenStoreContract(shared())) it(name, run);
});

function shared() {
  const store = memoryStore();
  return () => store;
}
