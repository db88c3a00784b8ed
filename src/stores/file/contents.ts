import { createHash } from 'node:crypto';
import type { StoredToken, TokenSet } from '../../core/index.ts';
import { isSealed, isSealedWith, seal, unseal } from './encryption.ts';
import { storeError } from './error.ts';
import { isFence } from './fence.ts';

const VERSION = 1;

/** What stands in every file, beside the token, sealed or not. */
interface Frame {
  version: typeof VERSION;
  key: string;
  fence: number;
}

/** A token that anybody who reads the file can read. */
interface Plain {
  token: TokenSet;
  /** Of all the rest: a bit that was turned in a token could not be told otherwise. */
  digest: string;
}

/** What a file is to say. */
export function encode(key: string, { token, fence }: StoredToken, secret: Uint8Array | undefined): string {
  const frame: Frame = { version: VERSION, key, fence };
  const text = JSON.stringify(token);
  const body = secret ? seal(text, secret, contextOf(frame)) : { token, digest: digestOf(frame, text) };
  return `${JSON.stringify({ ...frame, ...body })}\n`;
}

/**
 * Reads what a file says.
 *
 * @returns undefined when it is damaged or not of this key.
 * @throws TokenStoreError when it is sealed, and not with this secret.
 */
export function decode(
  path: string,
  text: string,
  key: string,
  secret: Uint8Array | undefined,
): StoredToken | undefined {
  const found = parse(text);
  if (!found || !isFrame(found, key)) return undefined;
  const { fence } = found;
  if (!isSealed(found)) {
    const { token, digest } = found as Frame & Partial<Plain>;
    return isToken(token) && digest === digestOf(found, JSON.stringify(token)) ? { token, fence } : undefined;
  }
  if (!secret) {
    throw storeError(`${path}: it is encrypted. Give the file store the encryptionKey, or remove the file.`);
  }
  const opened = unseal(found, secret, contextOf(found));
  if (opened === undefined && !isSealedWith(found, secret)) {
    throw storeError(
      `${path}: it is encrypted with another key than encryptionKey returns. Check that all processes use the same ` +
        'key; after a change of it, remove the file.',
    );
  }
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

function contextOf({ version, key, fence }: Frame): string {
  return `${version} ${key} ${fence}`;
}

function digestOf(frame: Frame, text: string): string {
  return createHash('sha256')
    .update(`${contextOf(frame)} ${text}`)
    .digest('base64url');
}
