import { describe, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory.ts';
import { tokenStoreContract } from '../../src/testing/store-contract.ts';

describe('the memory store', () => {
  // One that is opened anew knows nothing: all share one here.
  for (const { name, run } of tokenStoreContract(shared())) it(name, run);
});

function shared() {
  const store = memoryStore();
  return () => store;
}
