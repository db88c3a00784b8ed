import type { Vendor } from '../core/index.ts';

/**
 * Returns the key of a vendor's tokens in a store: SHA-256 of everything that distinguishes the tokens, as 43 characters of base64url.
 * A hash is a valid file name, and reveals nothing to a reader of the store's keys.
 */
export async function storeKey({ name, tokenKey }: Vendor): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([name, tokenKey]));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  return btoa(String.fromCharCode(...digest))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
