import axios, { type AxiosAdapter, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios';
import type { AuthRefreshEvent, Vendor } from '../core/index.ts';
import { createResourceOrigins, httpOrigins, monotonicOf, notify, ownValue } from '../core/internal.ts';
import type { TokenManager } from '../token/index.ts';
import { createCheckedManager } from '../token/internal.ts';
import { type AuthRefreshOptions, checkAttachOptions } from './attach-options.ts';
import { resolveHeader } from './authorization-header.ts';
import { addIdempotencyKey } from './idempotency-key.ts';
import { fixForm } from './request-body.ts';
import { checkRequestOptions } from './request-options.ts';
import { createRequestPath } from './request-path.ts';
import { runRequest } from './request-run.ts';
import { createWatchedEnv } from './response-url.ts';
import { installRetry, withRetryDefaults } from './retry.ts';
import { createSendGate } from './send-gate.ts';

/** The plugin, attached to one instance. */
export interface AuthRefreshAttachment {
  readonly tokens: TokenManager;
  /**
   * Removes the plugin from the instance. Requests in flight and requests that wait for a token finish with a token. Later sends,
   * including retries that are waiting, carry no token.
   */
  detach(): void;
}

// Symbols instead of WeakMaps, because another copy of this package must see them.
const ATTACHED = Symbol.for('axios-oauth-refresh.attached');
const INNER = Symbol.for('axios-oauth-refresh.inner');

type Guard = AxiosAdapter & { [INNER]?: AxiosAdapter };

/**
 * Makes an axios instance survive OAuth 2.0 token expiry: sends the bearer token, refreshes the token before it expires, and
 * when the API answers 401, lets all requests wait for one token fetch and replays them.
 *
 * @throws ConfigurationError that lists every problem with the options; also if the plugin is attached to the instance already.
 * @example
 * attachAuthRefresh(api, { vendor: genesysCloud({ region: 'eu_central_1', clientId, clientSecret }) });
 */
export function attachAuthRefresh(
  instance: AxiosInstance,
  options: AuthRefreshOptions,
): AuthRefreshAttachment {
  const marked = instance as AxiosInstance & { [ATTACHED]?: true };
  const own = checkAttachOptions(instance, options, marked?.[ATTACHED] === true);

  const { onEvent, rate, random = Math.random, idempotencyKeyHeader = 'Idempotency-Key' } = own;
  const retryOptions = withRetryDefaults(own.retry || {});
  const tokens =
    own.tokens ??
    createCheckedManager(Object.assign(own, { vendor: own.vendor as Vendor, transportFrom: instance }));
  const { vendor, clock } = tokens;
  const unsubscribe = own.tokens && onEvent ? tokens.subscribe(onEvent) : undefined;
  const emit = (event: AuthRefreshEvent) => {
    if (onEvent) notify(onEvent, event);
  };
  const origins = createResourceOrigins(
    [...vendor.resourceOrigins, ...(own.resourceOrigins ?? [])],
    () => ownValue(instance.defaults, 'baseURL'),
    httpOrigins(own.allowInsecureOrigins ?? []),
  );
  // A token manager of another copy of this package may have none.
  const pauses = tokens.sendPauses ?? { now: monotonicOf(clock), byOrigin: new Map() };
  const { now } = pauses;
  const gate = createSendGate({ ...retryOptions, pauses, clock, rate, random });
  const path = createRequestPath({
    tokens,
    origins,
    header: resolveHeader(own.authorizationHeader),
    options: own,
    gate,
    now,
    isAttached: () => isAttached,
    emit,
  });
  const runContext = {
    clock,
    now,
    path,
    prepare(config: InternalAxiosRequestConfig, adapter: AxiosAdapter) {
      checkRequestOptions(config);
      addIdempotencyKey(config, idempotencyKeyHeader);
      fixForm(config, adapter);
    },
  };
  const watchedEnv = createWatchedEnv();
  const guards = new WeakMap<AxiosAdapter, Guard>();
  let isAttached = true;

  function guardOf(adapter: AxiosAdapter): Guard {
    let guard = guards.get(adapter);
    if (!guard) {
      guard = (config) => runRequest(config, adapter, runContext);
      guard[INNER] = adapter;
      guards.set(adapter, guard);
    }
    return guard;
  }

  /** The request interceptor. Wraps the adapter in the guard, so that the guard runs after all request interceptors. */
  function intercept(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig {
    const own = Object.isExtensible(config) ? config : { ...config };
    retry?.claim(own);
    // The config of an earlier request already contains a guard: never guard twice.
    own.adapter = adapterOf(config);
    return own;
  }

  function adapterOf(config: InternalAxiosRequestConfig): AxiosAdapter {
    const wanted = config.adapter || axios.defaults.adapter;
    try {
      let adapter = axios.getAdapter(wanted, config) as Guard;
      // Only the fetch adapter of axios has no name: axios builds it from `env` for each request.
      if (typeof wanted !== 'function' && !('adapterName' in adapter)) {
        adapter = axios.getAdapter(wanted, { env: watchedEnv(config.env) });
      }
      return guardOf(adapter[INNER] ?? adapter);
    } catch (error) {
      // Older versions of axios throw a TypeError out of the call if a synchronous interceptor throws.
      return () => Promise.reject(error);
    }
  }

  const interceptor = instance.interceptors.request.use(intercept, null, { synchronous: true });
  const retry =
    own.retry === false
      ? undefined
      : installRetry(instance, retryOptions, { vendor, clock, now, emit, random });
  marked[ATTACHED] = true;

  return {
    tokens,
    detach() {
      if (!isAttached) return;
      isAttached = false;
      instance.interceptors.request.eject(interceptor);
      retry?.uninstall();
      unsubscribe?.();
      delete marked[ATTACHED];
    },
  };
}
