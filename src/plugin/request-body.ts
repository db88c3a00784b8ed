import type { InternalAxiosRequestConfig } from 'axios';

/**
 * Returns whether a request can be sent again with the same body. The first send uses up a Node stream, an npm `form-data` and a
 * web stream.
 */
export function isRepeatable({ data, authRefresh }: InternalAxiosRequestConfig): boolean {
  const { body } = authRefresh || {};
  if (body) return true;
  return typeof data?.pipe !== 'function' && typeof data?.getReader !== 'function';
}

/** Closes an unread response body, so that its connection is free for the replay. */
export function discard(body: unknown): void {
  const stream = body as
    | {
        on?: (event: string, listener: () => void) => void;
        destroy?: () => void;
        cancel?: () => Promise<void>;
      }
    | undefined;
  // A destroyed stream may emit an error, and nobody else listens.
  stream?.on?.('error', () => {});
  stream?.destroy?.();
  stream?.cancel?.().catch(() => {});
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
