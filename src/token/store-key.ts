import type { Vendor } from '../core/index.ts';
import { sha256 } from '../core/internal.ts';

/** The keys of a refresh token in a store. Vendors with the same token endpoint, client and initial refresh token have the same keys. */
export interface FamilyKeys {
  /** The lock, and the newest refresh token. */
  readonly token: string;
  /** The note that the refresh token is in use. */
  readonly mark: string;
}

/**
 * Returns the key of a vendor's tokens in a store: SHA-256 of everything that distinguishes the tokens, as 43 characters of base64url.
 * A hash is a valid file name, and reveals nothing to a reader of the store's keys.
 */
export async function storeKey({ name, tokenKey, storeKeys }: Vendor): Promise<string> {
  return hash([name, tokenKey ?? (await storeKeys?.())?.access]);
}

/** Returns the keys of a vendor's refresh token; undefined if the vendor does not start with a refresh token. */
export async function familyKeys({ storeKeys }: Vendor): Promise<FamilyKeys | undefined> {
  const family = (await storeKeys?.())?.family;
  if (family === undefined) return undefined;
  return { token: await hash(['refresh token', family]), mark: await hash(['refresh token in use', family]) };
}

async function hash(parts: readonly unknown[]): Promise<string> {
  return btoa(await sha256(JSON.stringify(parts)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
