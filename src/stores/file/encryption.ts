import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { isA, messageOf } from '../../core/internal.ts';
import { storeError } from './error.ts';

/** A function that returns the 32 bytes of an AES-256 key. */
export type EncryptionKey = () => Uint8Array | Promise<Uint8Array>;

const CIPHER = 'aes-256-gcm';
const KEY_LENGTH = 32;
const IV_LENGTH = 12;
const TAG_LENGTH = 16;

/** The encrypted members of a token file. */
export interface Sealed {
  cipher: typeof CIPHER;
  /** Distinguishes a wrong key from a damaged file. */
  keyId: string;
  iv: string;
  tag: string;
  data: string;
}

/**
 * Loads the key.
 *
 * @throws TokenStoreError if the function fails or returns anything but 32 bytes.
 */
export async function loadKey(encryptionKey: EncryptionKey | undefined): Promise<Uint8Array | undefined> {
  if (!encryptionKey) return undefined;
  let key: unknown;
  try {
    key = await encryptionKey();
  } catch (error) {
    throw storeError(`encryptionKey failed: ${messageOf(error)}`);
  }
  if (!isA(key, 'Uint8Array')) {
    throw storeError(`encryptionKey must return a Uint8Array, such as a Buffer, but returned ${typeof key}`);
  }
  if (key.length !== KEY_LENGTH) {
    throw storeError(
      `encryptionKey must return ${KEY_LENGTH} bytes, but returned ${key.length}. Decode a key that is base64 or hex text: ` +
        "Buffer.from(text, 'base64')",
    );
  }
  return key;
}

/** Encrypts a text. @param context is authenticated but not encrypted; {@link unseal} requires the same context. */
export function seal(text: string, key: Uint8Array, context: string): Sealed {
  const iv = randomBytes(IV_LENGTH);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_LENGTH }).setAAD(Buffer.from(context));
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return {
    cipher: CIPHER,
    keyId: idOf(key),
    iv: iv.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
    data: data.toString('base64url'),
  };
}

/** Decrypts a text. @returns undefined if the data is damaged or the key is wrong; {@link isSealedWith} distinguishes the two. */
export function unseal(sealed: Sealed, key: Uint8Array, context: string): string | undefined {
  try {
    const [iv, tag, data] = [sealed.iv, sealed.tag, sealed.data].map((text) =>
      Buffer.from(text, 'base64url'),
    );
    if (!iv || !tag || !data || iv.length !== IV_LENGTH) return undefined;
    const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_LENGTH });
    decipher.setAAD(Buffer.from(context)).setAuthTag(tag);
    return decipher.update(data, undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined;
  }
}

export function isSealedWith(sealed: Sealed, key: Uint8Array): boolean {
  return sealed.keyId === idOf(key);
}

export function isSealed(value: object): value is Sealed {
  const { cipher, keyId, iv, tag, data } = value as Partial<Sealed>;
  return cipher === CIPHER && [keyId, iv, tag, data].every((text) => typeof text === 'string');
}

function idOf(key: Uint8Array): string {
  return createHmac('sha256', key).update('axios-oauth-refresh file store').digest('base64url').slice(0, 11);
}
