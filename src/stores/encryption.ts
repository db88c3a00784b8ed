import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { isA, messageOf, type OptionTable } from '../core/internal.ts';
import { storeError } from './store-error.ts';

/** A function that returns the 32 bytes of an AES-256 key. */
export type EncryptionKey = () => Uint8Array | Promise<Uint8Array>;

/** Options of a store that can encrypt its tokens. */
export interface EncryptionOptions {
  /**
   * Returns the 32 bytes of the key that encrypts the tokens (AES-256-GCM). The store calls the function for each read and write. A
   * store with a key does not use a token in plain text, see `migratePlainText`.
   *
   * @default tokens are stored in plain text
   */
  readonly encryptionKey?: EncryptionKey | undefined;
  /**
   * Whether a store with `encryptionKey` uses a token in plain text, until its next write encrypts the token. Otherwise the store leaves
   * the token as it is, and rejects.
   *
   * @default false
   */
  readonly migratePlainText?: boolean | undefined;
}

export const ENCRYPTION_OPTIONS: OptionTable<EncryptionOptions> = {
  encryptionKey: 'any',
  migratePlainText: 'boolean',
};

/** The file or the key that holds a token, for messages. */
export interface Entry {
  readonly name: string;
  readonly noun: 'file' | 'value';
  /** What the user does to give up the token. */
  readonly remedy: string;
}

/** What the ciphertext is bound to: a copy of the ciphertext is invalid in another entry. */
interface Context {
  readonly version: number;
  readonly key: string;
  readonly fence: number;
}

/** Encrypts and decrypts during one call of a store. */
export interface Encryption {
  /** Returns the encrypted text as members of the entry; undefined without a key. */
  seal(text: string, context: Context): Sealed | undefined;
  /**
   * Decrypts a text.
   *
   * @returns undefined if the data is damaged.
   * @throws TokenStoreError if the store has no key or another key.
   */
  open(sealed: Sealed, context: Context, entry: Entry): string | undefined;
  /** @throws TokenStoreError if the store must not use plain text. */
  refusePlainText(entry: Entry): void;
  /** Notes that the entry is written, so that its next plain text is refused. */
  noteWritten(entry: Entry): void;
}

const CIPHER = 'aes-256-gcm';
const KEY_LENGTH = 32;
const IV_LENGTH = 12;
const TAG_LENGTH = 16;

/** The encrypted members of an entry. */
export interface Sealed {
  cipher: typeof CIPHER;
  /** Distinguishes a wrong key from damaged data. */
  keyId: string;
  iv: string;
  tag: string;
  data: string;
}

/** Returns a function that loads the key for one call of a store. */
export function createEncryption({
  encryptionKey,
  migratePlainText,
}: EncryptionOptions): () => Promise<Encryption> {
  /** The names of encrypted entries, which the store does not migrate again. */
  const migrated = new Set<string>();
  return async () => {
    const key = await loadKey(encryptionKey);
    return {
      seal: (text, context) => key && seal(text, key, contextOf(context)),
      open(sealed, context, entry) {
        const { name, noun, remedy } = entry;
        if (!key) throw storeError(`${name}: the ${noun} is encrypted. Set encryptionKey, or ${remedy}.`);
        const text = unseal(sealed, key, contextOf(context));
        if (text !== undefined) migrated.add(name);
        else if (sealed.keyId !== idOf(key)) {
          throw storeError(
            `${name}: the ${noun} is encrypted with another key. Check that encryptionKey returns the same key in all processes. ` +
              `After a change of the key, ${remedy}.`,
          );
        }
        return text;
      },
      refusePlainText({ name, noun, remedy }) {
        if (!key || (migratePlainText && !migrated.has(name))) return;
        throw storeError(
          `${name}: the ${noun} is a token in plain text, which a store with encryptionKey does not use. To use the token once and ` +
            `encrypt it with the next write, set migratePlainText: true. To fetch a new token instead, ${remedy}.`,
        );
      },
      noteWritten: ({ name }) => void (key && migrated.add(name)),
    };
  };
}

/** Lists the problems with the options. */
export function encryptionProblems({ encryptionKey, migratePlainText }: EncryptionOptions) {
  return [
    encryptionKey !== undefined &&
      typeof encryptionKey !== 'function' &&
      'encryptionKey must be a function that returns 32 bytes',
    migratePlainText === true && encryptionKey === undefined && 'migratePlainText requires encryptionKey',
  ];
}

/** Returns the text that the ciphertext, or the digest of a plain text, covers in addition to the token. */
export function contextOf({ version, key, fence }: Context): string {
  return `${version} ${key} ${fence}`;
}

/**
 * Loads the key.
 *
 * @throws TokenStoreError if the function fails or returns anything but 32 bytes.
 */
async function loadKey(encryptionKey: EncryptionKey | undefined): Promise<Uint8Array | undefined> {
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
function seal(text: string, key: Uint8Array, context: string): Sealed {
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

/** Decrypts a text. @returns undefined if the data is damaged or the key is wrong. */
function unseal(sealed: Sealed, key: Uint8Array, context: string): string | undefined {
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

export function isSealed(value: object): value is Sealed {
  const { cipher, keyId, iv, tag, data } = value as Partial<Sealed>;
  return cipher === CIPHER && [keyId, iv, tag, data].every((text) => typeof text === 'string');
}

/** The text dates from the time when only the file store encrypted. Another text would make existing files unreadable. */
function idOf(key: Uint8Array): string {
  return createHmac('sha256', key).update('axios-oauth-refresh file store').digest('base64url').slice(0, 11);
}
