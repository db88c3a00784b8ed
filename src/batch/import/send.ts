import axios, {
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
  isAxiosError,
} from 'axios';
import type { Requests } from '../requests.ts';
import { reasonOf } from '../to-batch-error.ts';

/** What is known of a request that was sent, all its replays and retries together. */
export type Sent =
  | { readonly type: 'answered'; readonly response: AxiosResponse }
  /** The API refused what is in it, and carried nothing out. */
  | { readonly type: 'refused'; readonly status: number; readonly reason: string }
  /** It was surely not carried out, and another would not be either. */
  | { readonly type: 'not-executed'; readonly error: unknown }
  /** It may or may not have been carried out. */
  | { readonly type: 'unknown'; readonly error: unknown };

interface SendOptions {
  api: AxiosInstance;
  requests: Requests;
  /** It may be carried out twice. */
  repeatable: boolean;
  /** Aborted when nothing more may be sent. What is on the wire by then is waited for. */
  stop: AbortSignal;
}

/** What the last send on the wire came to. */
type Wire = 'none' | 'refused' | 'not-sent' | 'unknown' | 'executed';

// The records are what is wrong, not the caller, the place or the moment.
const REFUSALS = new Set([400, 413, 422]);

// No connection was made, or the request was not even begun.
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_INVALID_URL',
  'ERR_FR_MAX_BODY_LENGTH_EXCEEDED',
]);

/**
 * Sends a request of an import and tells what is known of it then.
 *
 * It watches the wire below replays and retries: whatever retries there may be on the instance, a request that may not be
 * carried out twice is not sent again after a send whose outcome is unknown.
 */
export async function sendOnce(
  config: AxiosRequestConfig,
  { api, requests, repeatable, stop }: SendOptions,
): Promise<Sent> {
  const base = axios.getAdapter(config.adapter ?? api.defaults.adapter);
  const waiting = new AbortController();
  let onWire = false;
  let last: { wire: Wire; response?: AxiosResponse | undefined; error?: unknown } = { wire: 'none' };

  const adapter: AxiosAdapter = async (sending) => {
    stop.throwIfAborted();
    if (!repeatable && last.wire === 'unknown') throw last.error;
    onWire = true;
    try {
      const response = await base(sending);
      last = { wire: wireOf(response.status), response };
      return response;
    } catch (error) {
      const { response, code } = isAxiosError(error) ? error : {};
      const noAnswer = NOT_SENT.has(code ?? '') ? 'not-sent' : 'unknown';
      last = { wire: response ? wireOf(response.status) : noAnswer, response, error };
      throw error;
    } finally {
      onWire = false;
      if (stop.aborted) endWaits();
    }
  };

  // Waits for a token, for a retry or for the rate. An answer that has come must not be lost to it.
  const endWaits = () => {
    if (!onWire && last.wire !== 'executed') waiting.abort(stop.reason);
  };
  stop.addEventListener('abort', endWaits);
  try {
    const response = await requests.send({
      validateStatus: (status) => status >= 200 && status < 300,
      ...config,
      ...(config.authRefresh !== false && { authRefresh: { ...config.authRefresh, idempotent: repeatable } }),
      adapter,
      signal: waiting.signal,
    });
    return { type: 'answered', response };
  } catch (error) {
    const { wire } = last;
    if (wire === 'unknown' || wire === 'executed') return { type: 'unknown', error: last.error ?? error };
    const status = last.response?.status ?? 0;
    if (wire === 'refused' && REFUSALS.has(status)) {
      return { type: 'refused', status, reason: reasonFrom(error, last.response) };
    }
    return { type: 'not-executed', error: stop.aborted ? stop.reason : error };
  } finally {
    stop.removeEventListener('abort', endWaits);
  }
}

function wireOf(status: number): Wire {
  if (status >= 200 && status < 300) return 'executed';
  return status >= 400 && status < 500 && status !== 408 ? 'refused' : 'unknown';
}

/** The API's words. */
function reasonFrom(error: unknown, raw: AxiosResponse | undefined): string {
  // On the wire the body is a text still; axios has parsed that of its error.
  const response = (isAxiosError(error) && error.response) || raw;
  return reasonOf(response?.data, response?.headers) ?? `the API answered ${raw?.status} and gave no reason`;
}
