import { TokenStoreError } from '../core/index.ts';

/** @param retryAfter milliseconds after which the store may work again; undefined if the user must fix something first. */
export function storeError(message: string, retryAfter?: number): TokenStoreError {
  return new TokenStoreError(message, { code: 'ERR_TOKEN_STORE', retryAfter });
}
