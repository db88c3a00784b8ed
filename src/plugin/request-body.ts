import type { InternalAxiosRequestConfig } from 'axios';
import { uuid } from '../core/internal.ts';

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
 * Makes a form repeatable: replays and retries must be identical, byte for byte. An npm `form-data`, which axios creates from an object
 * in Node, becomes a Buffer, unless the form contains a stream. The http adapter of axios chooses a boundary for a native FormData for each
 * send; with the fetch adapter the runtime chooses.
 */
export function fixForm(config: InternalAxiosRequestConfig, adapter: unknown): void {
  const { data, headers } = config;
  if (typeof data?.getBuffer === 'function') {
    try {
      // Throws if a part is a stream.
      const bytes = data.getBuffer();
      // `getBuffer` changes a part whose header is a string of the caller's own. An empty form has the length 0.
      if ((data.getLengthSync() || bytes.length) !== bytes.length) return;
      headers.set(data.getHeaders());
      config.data = bytes;
    } catch {
      // The form stays as it is, and is sent once.
    }
  } else if (
    data instanceof FormData &&
    (adapter as { adapterName?: string }).adapterName === 'http' &&
    !/boundary=/i.test(String(headers.getContentType()))
  ) {
    headers.setContentType(`multipart/form-data; boundary=axios-oauth-refresh-${uuid()}`);
  }
}
