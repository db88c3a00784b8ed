import axios, {
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
  isAxiosError,
} from 'axios';
import type { Clock } from '../../core/index.ts';
import { throttleDelay, throwIfAborted } from '../../core/internal.ts';
import { reasonOf } from '../describe-failure.ts';
import { BatchError } from '../errors.ts';
import type { Requests } from '../requests.ts';

/** The outcome of a request, including all its replays and retries. */
export type Sent =
  | { readonly type: 'answered'; readonly response: AxiosResponse }
  /** The API refused the content and executed nothing. */
  | {
      readonly type: 'refused';
      readonly status: number;
      readonly reason: string;
      /** How long the API asks to wait, in milliseconds, if it refuses the request for a temporary reason. */
      readonly retryAfter: number | undefined;
      /** Whether an earlier attempt of the request may have been executed. */
      readonly isAfterLoss: boolean;
    }
  /** The request was surely not executed, or may be executed again, and further requests would fail too. */
  | { readonly type: 'not-executed'; readonly error: unknown }
  /** The request may or may not have been executed. */
  | { readonly type: 'unknown'; readonly error: unknown };

interface SendOptions {
  api: AxiosInstance;
  requests: Requests;
  /** Whether the request may be executed twice. */
  repeatable: boolean;
  /** Further statuses with which the API refuses the records, besides {@link REFUSALS}. */
  refusals?: readonly number[] | undefined;
  clock: Clock;
  /** Aborted when no further request may be sent. Requests on the wire still get their response. */
  stop: AbortSignal;
}

/** Outcome of the last attempt on the wire. */
type Wire = 'none' | 'refused' | 'not-sent' | 'unknown' | 'executed';

/** Statuses with which the API refuses the records: not the credentials, the URL or the time are wrong. */
const REFUSALS: Readonly<Record<number, 'for good' | 'unless it asks to wait'>> = {
  400: 'for good',
  // A record conflicts with the state of the API, such as one that exists already.
  409: 'unless it asks to wait',
  // The record has another version than the request expects.
  412: 'for good',
  413: 'for good',
  422: 'for good',
  // The resource of a record is locked.
  423: 'unless it asks to wait',
};

// The connection failed, or the request was never started.
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
 * Sends a request of an import and returns its outcome.
 *
 * Watches the wire below replays and retries: even if other code on the instance retries, a request that must not be executed twice
 * is not sent again after an attempt with an unknown outcome.
 */
export async function sendOnce(
  config: AxiosRequestConfig,
  { api, requests, repeatable, refusals = [], clock, stop }: SendOptions,
): Promise<Sent> {
  const base = axios.getAdapter(config.adapter ?? api.defaults.adapter);
  const waiting = new AbortController();
  let onWire = false;
  let isAfterLoss = false;
  let last: { wire: Wire; response?: AxiosResponse | undefined; error?: unknown } = { wire: 'none' };

  const adapter: AxiosAdapter = async (sending) => {
    throwIfAborted(stop);
    if (!repeatable && last.wire === 'unknown') throw last.error;
    onWire = true;
    isAfterLoss ||= last.wire === 'unknown';
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

  // Ends a wait for a token, a retry or the rate limit. A response that has arrived must not be lost.
  const endWaits = () => {
    if (!onWire && last.wire !== 'executed') waiting.abort(stop.reason);
  };
  stop.addEventListener('abort', endWaits);
  try {
    const response = await requests.send(
      {
        validateStatus: (status) => status >= 200 && status < 300,
        ...config,
        ...(config.authRefresh !== false && {
          authRefresh: { ...config.authRefresh, idempotent: repeatable },
        }),
        adapter,
        signal: waiting.signal,
      },
      // The digits of ids must not be rounded, or a result would not match its record.
      {
        exactNumbers: true,
        mayRepeat: () => repeatable || (last.wire !== 'unknown' && last.wire !== 'executed'),
      },
    );
    return { type: 'answered', response };
  } catch (error) {
    const { wire } = last;
    // The outage lasts too long, so that sending again would fail too.
    const isOver = error instanceof BatchError;
    if (isOver && repeatable) return { type: 'not-executed', error };
    if (wire === 'unknown' || wire === 'executed') {
      return { type: 'unknown', error: isOver ? error : (last.error ?? error) };
    }
    const status = last.response?.status ?? 0;
    const refusal = REFUSALS[status] ?? (refusals.includes(status) ? 'for good' : undefined);
    if (wire === 'refused' && refusal) {
      const retryAfter =
        refusal === 'for good' ? undefined : throttleDelay(last.response, clock.now(), false);
      return { type: 'refused', status, reason: reasonFrom(error, last.response), retryAfter, isAfterLoss };
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

/** Returns the reason that the API gave. */
function reasonFrom(error: unknown, raw: AxiosResponse | undefined): string {
  // The body on the wire is unparsed text; axios has parsed the body of its own error.
  const response = (isAxiosError(error) && error.response) || raw;
  const data: unknown = response?.data;
  const body = typeof data === 'string' ? parsed(data) : data;
  return reasonOf(body, response?.headers) ?? `the API returned ${raw?.status} without a reason`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
