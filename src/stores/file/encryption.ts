import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { messageOf } from '../../core/internal.ts';
import { storeError } from './error.ts';

/** A function that gives 32 bytes. */
export type EncryptionKey = () => Uint8Array | Promise<Uint8Array>;

const CIPHER = 'aes-256-gcm';
const KEY_LENGTH = 32;
const IV_LENGTH = 12;
const TAG_LENGTH = 16;

/** Text that only the key opens, as it stands in a file. */
export interface Sealed {
  cipher: typeof CIPHER;
  /** Tells a wrong key from damage. */
  keyId: string;
  iv: string;
  tag: string;
  data: string;
}

/**
 * Asks for the key.
 *
 * @throws TokenStoreError when its function fails or gives something else.
 */
export async function askForKey(ask: EncryptionKey | undefined): Promise<Uint8Array | undefined> {
  if (!ask) return undefined;
  let key: unknown;
  try {
    key = await ask();
  } catch (error) {
    throw storeError(`the function given as encryptionKey failed: ${messageOf(error)}`);
  }
  if (!(key instanceof Uint8Array)) {
    throw storeError('the function given as encryptionKey must return a Uint8Array, such as a Buffer');
  }
  if (key.length !== KEY_LENGTH) {
    throw storeError(
      `the function given as encryptionKey must return ${KEY_LENGTH} bytes and returned ${key.length}; a key in ` +
        "base64 or hex has to be decoded: Buffer.from(text, 'base64')",
    );
  }
  return key;
}

/** @param context what stands beside it, and must be the same when it is opened. */
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

/** @returns undefined when it is damaged or the key is another: {@link isSealedWith} tells. */
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
