import { type Clock, withDeadline } from '../clock.ts';
import { isTokenError, messageOf, TokenStoreError } from '../errors.ts';
import type { Emitter } from '../events.ts';
import { redact } from '../secret.ts';
import { isTokenSet, type TokenSet } from '../token-set.ts';
import type { TokenStore } from './store.ts';

/** A store as the token manager uses it: one that fails or hangs costs sharing, not requests. */
export interface CarefulStore {
  /** What another process has put there since; nothing that was read or written here before. */
  read(): Promise<TokenSet | undefined>;
  write(token: TokenSet): Promise<void>;
  /** Says that a token is no news any more. */
  know(token: TokenSet | undefined): void;
}

const TIMEOUT = 2_000;
const MAX_KNOWN = 100;

/** @param store undefined for none: nothing is read and nothing kept. */
export function createCarefulStore(
  store: TokenStore | undefined,
  key: string,
  clock: Clock,
  emit: Emitter['emit'],
): CarefulStore {
  // Access tokens seen before: a store that gives one back has missed a write.
  const known = new Set<string>();

  async function attempt<T>(
    operation: 'get' | 'set',
    call: () => Promise<T>,
    secrets: readonly (string | undefined)[] = [],
  ): Promise<T | undefined> {
    const fail = (problem: string) =>
      new TokenStoreError(`the token store's ${operation} ${problem}`, { code: 'ERR_TOKEN_STORE' });
    try {
      return await withDeadline(clock, TIMEOUT, () => fail(`took over ${TIMEOUT} ms`), call);
    } catch (thrown) {
      const error = isTokenError(thrown) ? thrown : fail(`failed: ${redact(messageOf(thrown), secrets)}`);
      emit({ type: 'store-failed', operation, error });
      return undefined;
    }
  }

  return {
    async read() {
      const token = store && (await attempt('get', () => store.get(key), [...known]));
      return isTokenSet(token) && !known.has(token.accessToken) ? token : undefined;
    },
    async write(token) {
      if (store) await attempt('set', () => store.set(key, token), [token.accessToken, token.refreshToken]);
    },
    know(token) {
      if (!token) return;
      if (known.size >= MAX_KNOWN) known.clear();
      known.add(token.accessToken);
    },
  };
}
