import type { StoredToken } from '../../core/index.ts';
import { isNewerFormat, newerFormat } from '../../core/internal.ts';
import { storeError } from './explain.ts';
import type { Names } from './names.ts';

const VERSION = 1;

const DAY = 24 * 3_600_000;

/** Returns the stored text of a token. The text contains the key, so that a value copied from another key is detected. */
export function formatToken({ key }: Names, { token }: StoredToken): string {
  return JSON.stringify({ version: VERSION, key, token });
}

/**
 * Parses the stored text of a token.
 *
 * @throws TokenStoreError if this store did not write the text.
 */
export function parseToken(names: Names, fence: unknown, text: unknown): StoredToken | undefined {
  if (!text && !fence) return undefined;
  const value = parseJson(String(text));
  if (isNewerFormat(value?.version, VERSION)) {
    throw storeError(newerFormat(`the value of the key ${names.token}`, value?.version, VERSION));
  }
  const number = Number(fence);
  const isOurs = value?.version === VERSION && value.key === names.key && value.token?.constructor === Object;
  if (!isOurs || !Number.isSafeInteger(number) || number <= 0) {
    throw storeError(
      `the value of the key ${names.token} is not a token of this store. Choose another prefix, or delete the key`,
    );
  }
  return { token: value.token as StoredToken['token'], fence: number };
}

/**
 * Returns after how many milliseconds Redis deletes the token, or '' for never. A token without a refresh token remains for three days
 * after its expiry, so that its fence refuses late writes.
 */
export function expiryOf({ token }: StoredToken, now: number): string {
  if (token.refreshToken !== undefined) return '';
  return `${Math.ceil(Math.max(token.expiresAt - now, 0)) + 3 * DAY}`;
}

function parseJson(text: string): { version?: unknown; key?: unknown; token?: object } | undefined {
  try {
    return Object(JSON.parse(text));
  } catch {
    return undefined;
  }
}
