import { AxiosError, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios';
import axiosRetryModule, { type IAxiosRetryConfig } from 'axios-retry';
import { type AuthRefreshEvent, type Clock, isAuthRefreshError, type Vendor } from '../core/index.ts';
import { backoff, parseRetryAfter } from '../core/internal.ts';
import { describeRequest } from './describe-request.ts';
import { isRepeatable } from './request-body.ts';

// `require` of its CommonJS build gives an object that holds the function, `import` gives the function.
const axiosRetry =
  (axiosRetryModule as typeof axiosRetryModule & { default?: typeof axiosRetryModule }).default ??
  axiosRetryModule;

/** When requests are retried. Durations are in milliseconds. */
export interface RetryOptions {
  /**
   * How often one request is retried; a send that took longer than the request's `timeout` is, too.
   * @default 3
   */
  retries?: number | undefined;
  /** The wait before the first retry; it doubles each time, and jitter takes up to half of it off. @default 500 */
  baseDelay?: number | undefined;
  /** A response whose `Retry-After` is longer is handed back instead. @default 60_000 */
  maxRetryAfter?: number | undefined;
  /**
   * Retry every method alike. A POST whose answer was lost may then be executed twice: imports can duplicate records.
   * @default false
   */
  allMethods?: boolean | undefined;
}

/** The policy on an instance. */
export interface InstalledRetry {
  /** Makes it decide about a request, unless another does already. */
  claim(config: InternalAxiosRequestConfig): void;
  uninstall(): void;
}

/** What the policy needs from its attachment. */
export interface RetryContext {
  vendor: Vendor;
  clock: Clock;
  emit: (event: AuthRefreshEvent) => void;
  random: (() => number) | undefined;
}

// RFC 9110 section 9.2.2, and the QUERY method, which only reads.
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY']);

// 500 is not among them: what failed once inside the server fails again.
const TRANSIENT = new Set([408, 502, 503, 504]);

// Codes and messages of an answer that breaks off before its end, from Node, axios and fetch.
const CUT_SHORT = new Set([
  'ECONNRESET',
  'Z_BUF_ERROR',
  'stream has been aborted',
  'maxContentLength size of -1 exceeded',
  'terminated',
]);

/**
 * Installs axios-retry with this package's policy: 429 for every method, 408, 502, 503, 504, network errors and cut
 * answers for requests that may be executed twice.
 */
export function installRetry(
  instance: AxiosInstance,
  options: RetryOptions,
  { vendor, clock, emit, random = Math.random }: RetryContext,
): InstalledRetry {
  const { retries = 3, baseDelay = 500, maxRetryAfter = 60_000, allMethods = false } = options;
  const retryAfter = (error: AxiosError) =>
    parseRetryAfter(error.response?.headers?.['retry-after'], clock.now()) ?? 0;

  function mayRepeat(config: InternalAxiosRequestConfig): boolean {
    if (allMethods) return true;
    const { idempotent } = config.authRefresh || {};
    if (idempotent !== undefined) return idempotent;
    const request = describeRequest(config);
    try {
      return IDEMPOTENT.has(request.method) || (vendor.isReadOnly?.(request) ?? false);
    } catch {
      // The API's error is what the caller must see, not the vendor's.
      return false;
    }
  }

  const policy: IAxiosRetryConfig = {
    retries,
    // The wait is no part of what the caller's timeout is about.
    shouldResetTimeout: true,
    retryCondition: (error) => {
      const { config } = error;
      if (!config || isAuthRefreshError(error) || !isTransient(error) || !isRepeatable(config)) return false;
      if (retryAfter(error) > maxRetryAfter) return false;
      return error.response?.status === 429 || mayRepeat(config);
    },
    retryDelay: (count, error) => {
      const delay = Math.max(retryAfter(error), backoff(count - 1, baseDelay, random));
      // Told from here, which axios-retry calls once for each retry: onRetry does not know the delay.
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

  // It only begins axios-retry's count, which its response interceptor does as well. It is asynchronous, and one such
  // interceptor makes axios take its slower path.
  instance.interceptors.request.eject(ids.requestInterceptorId);

  return {
    // As axios-retry has it: of several policies on one instance the one that was attached last decides.
    claim: (config) => {
      const own = config['axios-retry'];
      // axios-retry makes a copy before it counts.
      config['axios-retry'] = own ? { ...policy, ...own } : policy;
    },
    uninstall: () => instance.interceptors.response.eject(ids.responseInterceptorId),
  };
}

function isTransient(error: AxiosError): boolean {
  const { code = '', response, request, message } = error;
  if (response && response.status >= 400) return response.status === 429 || TRANSIENT.has(response.status);
  if (CUT_SHORT.has(code) || CUT_SHORT.has(message)) return true;
  if (response) return false;
  // Without a request it is the wait for a token that took too long.
  if (code === AxiosError.ECONNABORTED || code === AxiosError.ETIMEDOUT) return Boolean(request);
  return axiosRetry.isNetworkError(error) && (!code.startsWith('ERR_') || code === AxiosError.ERR_NETWORK);
}
