import { type AuthRefreshEvent, type Clock, type TokenSet, TokenStoreError } from '../core/index.ts';
import { type Emitter, messageOf, redact, withDeadline } from '../core/internal.ts';

type Operation = (AuthRefreshEvent & { type: 'store-failed' })['operation'];

/** Calls a store with deadlines, and tells by events what comes of it. */
export interface CarefulCalls {
  /** @param token whose text must not be in what is reported. @throws TokenStoreError that was reported. */
  attempt<T>(operation: Operation, call: () => Promise<T>, token: TokenSet | undefined): Promise<T>;
  /** Reports what a store threw, once. */
  report(operation: Operation, thrown: unknown, token?: TokenSet): TokenStoreError;
  isReported(thrown: unknown): boolean;
}

// Of one call, in milliseconds. The stores of this package have shorter deadlines of their own.
const TIMEOUT = 2_000;

export function createCarefulCalls(clock: Clock, emit: Emitter['emit']): CarefulCalls {
  const reported = new WeakSet<Error>();
  let isDown = false;

  function report(operation: Operation, thrown: unknown, token?: TokenSet): TokenStoreError {
    if (isReported(thrown)) return thrown;
    const secrets = [token?.accessToken, token?.refreshToken];
    const said = redact(messageOf(thrown), secrets);
    const error = new TokenStoreError(`the token store's ${operation} failed: ${said}`, {
      code: 'ERR_TOKEN_STORE',
    });
    reported.add(error);
    isDown = true;
    emit({ type: 'store-failed', operation, error });
    return error;
  }

  function isReported(thrown: unknown): thrown is TokenStoreError {
    return reported.has(Object(thrown));
  }

  return {
    report,
    isReported,
    async attempt(operation, call, token) {
      const late = () => new Error(`it took over ${TIMEOUT} ms`);
      try {
        const result = await withDeadline(clock, TIMEOUT, late, call);
        if (isDown) emit({ type: 'store-recovered' });
        isDown = false;
        return result;
      } catch (thrown) {
        throw report(operation, thrown, token);
      }
    },
  };
}
