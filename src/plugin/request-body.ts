import type { InternalAxiosRequestConfig } from 'axios';

/** Tells whether a body is a Node stream, npm `form-data` or a web stream, which the first reader uses up. */
export function isStream(body: unknown): boolean {
  const stream = body as { pipe?: unknown; getReader?: unknown } | undefined;
  return typeof stream?.pipe === 'function' || typeof stream?.getReader === 'function';
}

/** Tells whether a request can be sent a second time with the same body. */
export function isRepeatable({ data, authRefresh }: InternalAxiosRequestConfig): boolean {
  const { body } = authRefresh || {};
  return Boolean(body) || !isStream(data);
}

/** Closes a response body that nobody will read, so that its connection is free for the replay. */
export function discard(body: unknown): void {
  // Members of parsed JSON may have the names of the methods below.
  if (!isStream(body)) return;
  const stream = body as {
    on?: (event: string, listener: () => void) => void;
    destroy?: () => void;
    cancel?: () => Promise<void>;
  };
  // A destroyed stream may report that it was cut short, and nobody else listens.
  stream.on?.('error', () => {});
  stream.destroy?.();
  stream.cancel?.().catch(() => {});
}

/**
 * Fixes the boundary of a native FormData for axios's http adapter, which else rolls a new one for each send: a replay
 * is the same request, byte for byte. With the fetch adapter the runtime chooses.
 */
export function fixBoundary(config: InternalAxiosRequestConfig, adapter: unknown): void {
  const { data, headers } = config;
  if (!(data instanceof FormData)) return;
  if ((adapter as { adapterName?: string }).adapterName !== 'http') return;
  if (/boundary=/i.test(String(headers.getContentType()))) return;
  headers.setContentType(`multipart/form-data; boundary=axios-oauth-refresh-${crypto.randomUUID()}`);
}
