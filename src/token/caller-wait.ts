import { AxiosError, CanceledError, type InternalAxiosRequestConfig } from 'axios';
import type { Clock } from '../core/index.ts';

/**
 * Waits for a promise that others wait for too: when the caller's request is aborted or its `timeout` is over, this
 * one wait rejects and the promise goes on. No listener and no timer is left behind.
 *
 * @throws CanceledError when the config's `signal` aborts or its `cancelToken` is cancelled.
 * @throws AxiosError of the request's body, when it is a stream that fails meanwhile; `ECONNABORTED` (`ETIMEDOUT` with `transitional.clarifyTimeoutError`), as axios itself does.
 */
export function waitFor<T>(
  promise: Promise<T>,
  config: InternalAxiosRequestConfig,
  clock: Clock,
): Promise<T> {
  const { signal, cancelToken, timeout, transitional, timeoutErrorMessage, data } = config;
  return new Promise<T>((resolve, reject) => {
    let timer: unknown;
    const leave = () => {
      signal?.removeEventListener?.('abort', onAbort);
      cancelToken?.unsubscribe(onAbort);
      data?.off?.('error', onBodyError);
      if (timer !== undefined) clock.clearTimeout(timer);
    };
    const onAbort = () => {
      leave();
      reject(new CanceledError(cancelToken?.reason?.message, config));
    };
    const onTimeout = () => {
      leave();
      const code = transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED;
      const message = timeoutErrorMessage ?? `timeout of ${timeout}ms exceeded while waiting for a token`;
      reject(new AxiosError(message, code, config));
    };
    const onBodyError = (error: Error & { code?: string }) => {
      leave();
      reject(AxiosError.from(error, error.code, config));
    };
    promise.then(resolve, reject).finally(leave);
    if (timeout) timer = clock.setTimeout(onTimeout, Number(timeout));
    // Nobody else listens to a body stream yet, and an error without a listener ends the process.
    data?.on?.('error', onBodyError);
    if (signal?.aborted) return onAbort();
    signal?.addEventListener?.('abort', onAbort);
    // Calls back at once where the token is cancelled already.
    cancelToken?.subscribe(onAbort);
  });
}
