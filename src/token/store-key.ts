import type { Vendor } from '../core/index.ts';
import { sha256 } from '../core/internal.ts';

/**
 * Returns the key of a vendor's tokens in a store: SHA-256 of everything that distinguishes the tokens, as 43 characters of base64url.
 * A hash is a valid file name, and reveals nothing to a reader of the store's keys.
 */
export async function storeKey({ name, tokenKey }: Vendor): Promise<string> {
  return btoa(await sha256(JSON.stringify([name, tokenKey])))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
