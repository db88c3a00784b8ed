export { sharedStore } from './shared-store.ts';
export { createTokenManager, type TokenManager } from './token-manager.ts';
export type { TokenManagerOptions } from './token-manager-options.ts';
