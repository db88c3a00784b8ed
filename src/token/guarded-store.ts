import type { Clock, TokenStore } from '../core/index.ts';
import { type AuthRefreshEvent, type StoredToken, type TokenSet, TokenStoreError } from '../core/index.ts';
import { type Emitter, messageOf, redact, withDeadline } from '../core/internal.ts';

type Operation = (AuthRefreshEvent & { type: 'store-failed' })['operation'];

/** A store whose calls have deadlines, and whose failures are events. */
export interface GuardedStore {
  /** @param known the token to redact in a reported error. @throws TokenStoreError that was reported. */
  get(key: string, known: TokenSet | undefined): Promise<StoredToken | undefined>;
  /** @throws TokenStoreError that was reported. */
  set(key: string, stored: StoredToken): Promise<boolean>;
  /** Reports an error of the store once. */
  report(operation: Operation, thrown: unknown, known?: TokenSet): TokenStoreError;
  isReported(thrown: unknown): thrown is TokenStoreError;
  /** Returns the milliseconds after which the store may work again, if the reported error says so. */
  retryAfter(error: TokenStoreError): number | undefined;
}

// Milliseconds for one call. The stores of this package have shorter deadlines.
const TIMEOUT = 2_000;

export function guardStore(store: TokenStore, clock: Clock, emit: Emitter['emit']): GuardedStore {
  /** The reported errors, each with the time after which the store may work again. */
  const reported = new WeakMap<Error, number | undefined>();
  let isDown = false;

  async function call<T>(operation: Operation, work: () => Promise<T>, known?: TokenSet): Promise<T> {
    const late = () => new Error(`no answer after ${TIMEOUT} ms`);
    try {
      const result = await withDeadline(clock, TIMEOUT, late, work);
      if (isDown) emit({ type: 'store-recovered' });
      isDown = false;
      return result;
    } catch (thrown) {
      throw report(operation, thrown, known);
    }
  }

  function report(operation: Operation, thrown: unknown, known?: TokenSet): TokenStoreError {
    if (isReported(thrown)) return thrown;
    const message = redact(messageOf(thrown), [known?.accessToken, known?.refreshToken]);
    const error = new TokenStoreError(`the token store's ${operation} failed: ${message}`, {
      code: 'ERR_TOKEN_STORE',
    });
    const { retryAfter } = Object(thrown) as Partial<TokenStoreError>;
    reported.set(error, typeof retryAfter === 'number' ? retryAfter : undefined);
    isDown = true;
    emit({ type: 'store-failed', operation, error });
    return error;
  }

  function isReported(thrown: unknown): thrown is TokenStoreError {
    return reported.has(Object(thrown));
  }

  return {
    get: (key, known) => call('get', () => store.get(key), known),
    set: (key, stored) => call('set', () => store.set(key, stored), stored.token),
    report,
    isReported,
    retryAfter: (error) => reported.get(error),
  };
}
