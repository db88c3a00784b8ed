import type { Vendor } from '../core/index.ts';

/**
 * Names the tokens of one OAuth client in a store: SHA-256 of whatever changes them, as 43 characters of base64url.
 * Hashed, it fits into a file name and tells whoever lists a store's keys nothing.
 */
export async function storeKey({ name, tokenKey }: Vendor): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([name, tokenKey]));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  return btoa(String.fromCharCode(...digest))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
