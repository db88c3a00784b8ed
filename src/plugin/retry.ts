import axios, { type AxiosError, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios';
import axiosRetryModule, { type IAxiosRetryConfig } from 'axios-retry';
import { type AuthRefreshEvent, type Clock, isAuthRefreshError, type Vendor } from '../core/index.ts';
import { backoff, isIncomplete, throttleDelay } from '../core/internal.ts';
import { describeRequest, summarize } from './describe-request.ts';
import { isRepeatable } from './request-body.ts';
import { runOf } from './request-run.ts';

// `require` of the CommonJS build returns an object that contains the function, `import` returns the function.
const axiosRetry =
  (axiosRetryModule as typeof axiosRetryModule & { default?: typeof axiosRetryModule }).default ??
  axiosRetryModule;

/** When requests are retried. Durations are in milliseconds. */
export interface RetryOptions {
  /**
   * How often one request is retried, including after the request's `timeout`.
   * @default 3
   */
  retries?: number | undefined;
  /** The wait before the first retry. It doubles each time, and jitter shortens it by up to half. @default 500 */
  baseDelay?: number | undefined;
  /** The longest `Retry-After` to wait for. A response with a longer one is returned without a retry. @default 60_000 */
  maxRetryAfter?: number | undefined;
  /**
   * Whether to retry every method. A POST whose response was lost may then be executed twice: an import can duplicate records.
   * @default false
   */
  allMethods?: boolean | undefined;
}

/** The retry policy of an instance. */
export interface InstalledRetry {
  /** Applies the policy to a request, as defaults for the request's own axios-retry options. */
  claim(config: InternalAxiosRequestConfig): void;
  uninstall(): void;
}

/** What the retry policy needs from its attachment. */
export interface RetryContext {
  vendor: Vendor;
  /** For the dates of responses. */
  clock: Clock;
  /** The monotonic clock. */
  now: () => number;
  emit: (event: AuthRefreshEvent) => void;
  random: () => number;
}

/** Adds the default values to retry options. */
export function withRetryDefaults(options: RetryOptions) {
  const { retries = 3, baseDelay = 500, maxRetryAfter = 60_000, allMethods = false } = options;
  return { retries, baseDelay, maxRetryAfter, allMethods };
}

// The methods of RFC 9110 section 9.2.2, and QUERY, which only reads.
const IDEMPOTENT = /^(GET|HEAD|OPTIONS|TRACE|PUT|DELETE|QUERY)$/;

// Without 500: an error inside the server usually repeats.
const TRANSIENT = [408, 429, 502, 503, 504];

/**
 * Installs axios-retry with the policy of this package. It retries every method after 429, and requests that may be executed twice after
 * 408, 502, 503, 504, network errors and incomplete responses.
 */
export function installRetry(
  instance: AxiosInstance,
  { retries, baseDelay, maxRetryAfter, allMethods }: ReturnType<typeof withRetryDefaults>,
  { vendor, clock, now, emit, random }: RetryContext,
): InstalledRetry {
  const retryAfter = ({ response }: AxiosError) => throttleDelay(response, clock.now()) ?? 0;

  function mayRepeat(config: InternalAxiosRequestConfig): boolean {
    if (allMethods) return true;
    const { idempotent, idempotencyKey } = config.authRefresh || {};
    if (idempotent !== undefined) return idempotent;
    if (idempotencyKey) return true;
    const request = summarize(config, vendor.apiBaseUrl);
    try {
      return IDEMPOTENT.test(request.method) || (vendor.isReadOnly?.(request) ?? false);
    } catch {
      // The caller must see the API's error, not the vendor's.
      return false;
    }
  }

  const policy: IAxiosRetryConfig = {
    retries,
    // The caller's timeout applies to each send, without the wait.
    shouldResetTimeout: true,
    retryCondition: (error) => {
      const { config } = error;
      if (!config || isAuthRefreshError(error) || !isTransient(error) || !isRepeatable(config)) return false;
      if (retryAfter(error) > maxRetryAfter) return false;
      const { retryCount, dueAt } = runOf(config) ?? { retryCount: 0, dueAt: Number.POSITIVE_INFINITY };
      // The wait with the least jitter.
      const delay = Math.max(
        retryAfter(error),
        backoff(retryCount, baseDelay, () => 1),
      );
      if (now() + delay > dueAt) return false;
      return error.response?.status === 429 || mayRepeat(config);
    },
    retryDelay: (count, error) => {
      const delay = Math.max(retryAfter(error), backoff(count - 1, baseDelay, random));
      // Emitted here, because axios-retry calls this function once for each retry, and `onRetry` does not receive the delay.
      const { config, response, code } = error;
      if (config) {
        emit({
          type: 'retry',
          ...describeRequest(config),
          count,
          delay,
          ...(response && { status: response.status }),
          ...(code && { code }),
        });
      }
      return delay;
    },
  };
  const ids = axiosRetry(instance, policy);

  // The request interceptor only initializes the retry count, as the response interceptor does too. It is asynchronous, and one
  // asynchronous interceptor makes axios use its slower path.
  instance.interceptors.request.eject(ids.requestInterceptorId);

  return {
    // As in axios-retry, the policy that was attached last decides.
    claim: (config) => {
      const own = config['axios-retry'];
      // axios-retry copies the policy before it counts.
      config['axios-retry'] = own ? { ...policy, ...own } : policy;
    },
    uninstall: () => instance.interceptors.response.eject(ids.responseInterceptorId),
  };
}

function isTransient(error: AxiosError): boolean {
  const { code = '', response, request } = error;
  if (response && response.status >= 400) return TRANSIENT.includes(response.status);
  if (isIncomplete(error)) return true;
  if (response) return false;
  // Without a request, the wait for a token timed out.
  if (code === axios.AxiosError.ECONNABORTED || code === axios.AxiosError.ETIMEDOUT) return Boolean(request);
  return (
    axiosRetry.isNetworkError(error) && (!code.startsWith('ERR_') || code === axios.AxiosError.ERR_NETWORK)
  );
}
