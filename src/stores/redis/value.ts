import type { StoredToken } from '../../core/index.ts';
import { isNewerFormat, newerFormat } from '../../core/internal.ts';
import { type Encryption, type Entry, isSealed } from '../encryption.ts';
import { storeError } from './explain.ts';
import type { Names } from './names.ts';

const VERSION = 1;

interface Value {
  version?: unknown;
  key?: unknown;
  token?: object;
}

const DAY = 24 * 3_600_000;

/** Returns the stored text of a token. The text contains the key, so that a value copied from another key is detected. */
export function formatToken({ key }: Names, { token, fence }: StoredToken, encryption: Encryption): string {
  const body = encryption.seal(JSON.stringify(token), { version: VERSION, key, fence }) ?? { token };
  return JSON.stringify({ version: VERSION, key, ...body });
}

/** Describes the value of a token in messages. */
export function entryOf({ token }: Names): Entry {
  return { name: `the key ${token}`, noun: 'value', remedy: 'delete the key' };
}

/**
 * Parses the stored text of a token.
 *
 * @throws TokenStoreError if this store did not write the text, or if the text is encrypted with another key, or not encrypted.
 */
export function parseToken(
  names: Names,
  fence: unknown,
  text: unknown,
  encryption: Encryption,
): StoredToken | undefined {
  if (!text && !fence) return undefined;
  const value = parseJson(String(text));
  if (isNewerFormat(value?.version, VERSION)) {
    throw storeError(newerFormat(`the value of the key ${names.token}`, value?.version, VERSION));
  }
  const number = Number(fence);
  const isOurs = value?.version === VERSION && value.key === names.key;
  const token = isOurs && isFence(number) ? tokenOf(names, number, value, encryption) : undefined;
  if (token?.constructor !== Object) {
    throw storeError(
      `the value of the key ${names.token} is not a token of this store. Choose another prefix, or delete the key`,
    );
  }
  return { token: token as StoredToken['token'], fence: number };
}

function isFence(number: number): boolean {
  return Number.isSafeInteger(number) && number > 0;
}

/** Returns the token of a value, which may have any type. Returns undefined if the value is damaged. */
function tokenOf(names: Names, fence: number, value: Value, encryption: Encryption): object | undefined {
  if (isSealed(value)) {
    const text = encryption.open(value, { version: VERSION, key: names.key, fence }, entryOf(names));
    return text === undefined ? undefined : parseJson(text);
  }
  if (value.token !== undefined) encryption.refusePlainText(entryOf(names));
  return value.token;
}

/**
 * Returns after how many milliseconds Redis deletes the token, or '' for never. A token without a refresh token remains for three days
 * after its expiry, so that its fence refuses late writes.
 */
export function expiryOf({ token }: StoredToken, now: number): string {
  if (token.refreshToken !== undefined) return '';
  return `${Math.ceil(Math.max(token.expiresAt - now, 0)) + 3 * DAY}`;
}

function parseJson(text: string): Value | undefined {
  try {
    return Object(JSON.parse(text));
  } catch {
    return undefined;
  }
}
