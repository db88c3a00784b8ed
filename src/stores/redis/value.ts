import type { StoredToken } from '../../core/index.ts';
import { storeError } from './explain.ts';
import type { Names } from './names.ts';

const VERSION = 1;

const DAY = 24 * 3_600_000;

/** A token's text. The key in it tells a value that was copied from under another key. */
export function formatToken({ key }: Names, { token }: StoredToken): string {
  return JSON.stringify({ version: VERSION, key, token });
}

/**
 * Reads what a server replied.
 *
 * @throws TokenStoreError for what this store did not write.
 */
export function parseToken(names: Names, fence: unknown, text: unknown): StoredToken | undefined {
  if (!text && !fence) return undefined;
  const value = parseJson(String(text));
  if (typeof value?.version === 'number' && value.version !== VERSION) {
    throw storeError(
      `what is kept under ${names.token} is of version ${value.version}, and this package reads ${VERSION}: have all processes use the same version of it, or choose another prefix`,
    );
  }
  const number = Number(fence);
  const isOurs = value?.version === VERSION && value.key === names.key && value.token?.constructor === Object;
  if (!isOurs || !Number.isSafeInteger(number) || number <= 0) {
    throw storeError(
      `what is kept under ${names.token} is none of this store. Choose another prefix, or delete the key`,
    );
  }
  return { token: value.token as StoredToken['token'], fence: number };
}

/**
 * For how many milliseconds a token is kept: one that cannot be refreshed for some days after it has expired, so that its
 * fence goes on refusing late writes.
 */
export function keptFor({ token }: StoredToken, now: number): string {
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
