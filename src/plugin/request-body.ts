import type { InternalAxiosRequestConfig } from 'axios';

/** Returns whether a body is a Node stream, an npm `form-data` or a web stream, which the first reader uses up. */
export function isStream(body: unknown): boolean {
  const stream = body as { pipe?: unknown; getReader?: unknown } | undefined;
  return typeof stream?.pipe === 'function' || typeof stream?.getReader === 'function';
}

/** Returns whether a request can be sent again with the same body. */
export function isRepeatable({ data, authRefresh }: InternalAxiosRequestConfig): boolean {
  const { body } = authRefresh || {};
  return Boolean(body) || !isStream(data);
}

/** Closes an unread response body, so that its connection is free for the replay. */
export function discard(body: unknown): void {
  // Members of parsed JSON may have the names of the methods below.
  if (!isStream(body)) return;
  const stream = body as {
    on?: (event: string, listener: () => void) => void;
    destroy?: () => void;
    cancel?: () => Promise<void>;
  };
  // A destroyed stream may emit an error, and nobody else listens.
  stream.on?.('error', () => {});
  stream.destroy?.();
  stream.cancel?.().catch(() => {});
}

/**
 * Sets a fixed boundary for a native FormData with the http adapter of axios, which otherwise chooses a new one for each send: a replay
 * must be identical, byte for byte. With the fetch adapter the runtime chooses the boundary.
 */
export function fixBoundary(config: InternalAxiosRequestConfig, adapter: unknown): void {
  const { data, headers } = config;
  if (!(data instanceof FormData)) return;
  if ((adapter as { adapterName?: string }).adapterName !== 'http') return;
  if (/boundary=/i.test(String(headers.getContentType()))) return;
  headers.setContentType(`multipart/form-data; boundary=axios-oauth-refresh-${crypto.randomUUID()}`);
}
