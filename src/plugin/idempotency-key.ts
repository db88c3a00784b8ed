import type { InternalAxiosRequestConfig } from 'axios';
import { callbackFailed, uuid } from '../core/internal.ts';

/** Adds the idempotency key of a request to its headers, where replays and retries find it. */
export function addIdempotencyKey(config: InternalAxiosRequestConfig, header: string): void {
  const { idempotencyKey } = config.authRefresh || {};
  if (!idempotencyKey || config.headers.has(header)) return;
  try {
    const key: unknown = idempotencyKey === true ? uuid() : idempotencyKey();
    if (typeof key !== 'string' || !key) throw new Error('return a non-empty string');
    config.headers.set(header, key);
  } catch (error) {
    throw callbackFailed('authRefresh.idempotencyKey', error, config);
  }
}
