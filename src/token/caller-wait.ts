import axios, { type AxiosError, type InternalAxiosRequestConfig } from 'axios';
import type { Clock } from '../core/index.ts';

/**
 * Waits for a promise that other callers wait for as well. An abort or the `timeout` of the request ends only this wait. Removes all
 * listeners and timers afterwards.
 *
 * @throws CanceledError when the config's `signal` aborts or its `cancelToken` is cancelled.
 * @throws AxiosError `ECONNABORTED` at the timeout (`ETIMEDOUT` with `transitional.clarifyTimeoutError`), as axios does; or the
 * error of a body that is a stream and fails during the wait.
 */
export function waitFor<T>(
  promise: Promise<T>,
  config: InternalAxiosRequestConfig,
  clock: Clock,
): Promise<T> {
  const { signal, cancelToken, timeout, transitional, timeoutErrorMessage, data } = config;
  return new Promise<T>((resolve, reject) => {
    let timer: unknown;
    const stop = () => {
      signal?.removeEventListener?.('abort', onAbort);
      cancelToken?.unsubscribe(onAbort);
      data?.off?.('error', onBodyError);
      if (timer !== undefined) clock.clearTimeout(timer);
    };
    const fail = (error: AxiosError) => {
      stop();
      reject(error);
    };
    const onAbort = () => fail(new axios.CanceledError(cancelToken?.reason?.message, config));
    const onBodyError = (error: Error & { code?: string }) =>
      fail(axios.AxiosError.from(error, error.code, config));
    const onTimeout = () =>
      fail(
        new axios.AxiosError(
          timeoutErrorMessage ?? `timeout of ${timeout}ms exceeded while waiting for a token`,
          transitional?.clarifyTimeoutError ? axios.AxiosError.ETIMEDOUT : axios.AxiosError.ECONNABORTED,
          config,
        ),
      );
    promise.then(resolve, reject).finally(stop);
    if (timeout) timer = clock.setTimeout(onTimeout, Number(timeout));
    // Nobody else listens to a body stream yet, and an error event without a listener ends the process.
    data?.on?.('error', onBodyError);
    if (signal?.aborted) return onAbort();
    signal?.addEventListener?.('abort', onAbort);
    // Calls back at once if the cancel token is already cancelled.
    cancelToken?.subscribe(onAbort);
  });
}
