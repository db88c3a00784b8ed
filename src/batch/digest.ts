import crypto from 'node:crypto';
import { toJson } from './json/to-json.ts';
import type { Json, RecordId } from './sources/source.ts';

/** 128 bits of a SHA-256 digest as 22 characters of base64url. Two different texts have the same digest practically never. */
export type Digest = string;

const LENGTH = 22;
const DIGEST = new RegExp(`^[\\w-]{${LENGTH}}$`);

/** Returns whether a value of a file can be a {@link Digest}. */
export function isDigest(value: unknown): boolean {
  return typeof value === 'string' && DIGEST.test(value);
}

/** Returns the digest of an id. The string `'1'` and the number 1 differ. */
export function digestOfId(id: RecordId): Digest {
  return digestOf(typeof id === 'string' ? JSON.stringify(id) : String(id));
}

/** Returns the digest of a record without an id: equal records have equal digests. No id has the same digest. */
export function digestOfRecord(record: unknown): Digest {
  return digestOf(`record ${toJson(record)}`);
}

/** Returns the digest of the cursor of a page. No record has the same digest. */
export function digestOfPage(key: Json): Digest {
  return digestOf(`page ${JSON.stringify(key)}`);
}

/** Returns the digest of a text. */
export function digestOf(text: string): Digest {
  // Node 20.11 and older do not have the faster crypto.hash.
  const all = crypto.hash
    ? crypto.hash('sha256', text, 'base64url')
    : crypto.createHash('sha256').update(text).digest('base64url');
  return all.slice(0, LENGTH);
}
