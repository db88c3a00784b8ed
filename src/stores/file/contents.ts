import { createHash } from 'node:crypto';
import type { StoredToken, TokenSet } from '../../core/index.ts';
import { isNewerFormat, newerFormat } from '../../core/internal.ts';
import { contextOf, type Encryption, type Entry, isSealed } from '../encryption.ts';
import { storeError } from './error.ts';
import { isFence } from './fence.ts';

const VERSION = 1;

/** The part of a token file that is never encrypted. */
interface Frame {
  version: typeof VERSION;
  key: string;
  fence: number;
}

/** An unencrypted token. */
interface Plain {
  token: TokenSet;
  /** Covers all other members: nothing else detects a changed bit in a token. */
  digest: string;
}

/** Returns the text of a token file. */
export function encode(key: string, { token, fence }: StoredToken, encryption: Encryption): string {
  const frame: Frame = { version: VERSION, key, fence };
  const text = JSON.stringify(token);
  const body = encryption.seal(text, frame) ?? { token, digest: digestOf(frame, text) };
  return `${JSON.stringify({ ...frame, ...body })}\n`;
}

/**
 * Parses the text of a token file.
 *
 * @returns undefined if the text is damaged or belongs to another key.
 * @throws TokenStoreError if the token is encrypted with another key, in plain text that the store must not use, or if a newer version of
 * this package wrote the file.
 */
export function decode(
  path: string,
  text: string,
  key: string,
  encryption: Encryption,
): StoredToken | undefined {
  const found = parse(text);
  const { version } = { ...found } as Partial<Frame>;
  if (!isNewerFormat(version, VERSION)) return read(path, found, key, encryption);
  // Without this check, a changed bit in the version of a damaged file would look like a newer version.
  const isChangedBit = [3, 5, 9].includes(Number(version));
  if (isChangedBit && read(path, { ...found, version: VERSION }, key, encryption)) return undefined;
  throw storeError(`${newerFormat(`${path}: the file`, version, VERSION)}.`);
}

function read(
  path: string,
  found: object | undefined,
  key: string,
  encryption: Encryption,
): StoredToken | undefined {
  if (!found || !isFrame(found, key)) return undefined;
  const { fence } = found;
  if (!isSealed(found)) {
    const { token, digest } = found as Frame & Partial<Plain>;
    if (token !== undefined) encryption.refusePlainText(entryOf(path));
    return isToken(token) && digest === digestOf(found, JSON.stringify(token)) ? { token, fence } : undefined;
  }
  const opened = encryption.open(found, found, entryOf(path));
  const token = opened === undefined ? undefined : parse(opened);
  return isToken(token) ? { token, fence } : undefined;
}

function parse(text: string): object | undefined {
  try {
    return Object(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function isFrame(value: object, expected: string): value is Frame {
  const { version, key, fence } = value as Partial<Frame>;
  return version === VERSION && key === expected && isFence(fence);
}

function isToken(value: unknown): value is TokenSet {
  const { accessToken, refreshAt, expiresAt } = Object(value) as Partial<TokenSet>;
  return typeof accessToken === 'string' && typeof refreshAt === 'number' && typeof expiresAt === 'number';
}

/** Describes a token file in messages. */
export function entryOf(path: string): Entry {
  return { name: path, noun: 'file', remedy: 'remove the file' };
}

function digestOf(frame: Frame, text: string): string {
  return createHash('sha256')
    .update(`${contextOf(frame)} ${text}`)
    .digest('base64url');
}
