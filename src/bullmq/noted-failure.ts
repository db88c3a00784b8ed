import { BatchError, type BatchErrorCode } from '../batch/index.ts';
import type { ConfigurationError } from '../core/index.ts';
import { isScopeRefusal } from '../core/internal.ts';

/** An error of a part, as it stands in Redis. */
export interface NotedFailure {
  readonly code: BatchErrorCode;
  readonly message: string;
  readonly resumable: boolean;
  readonly permanent: boolean;
  readonly tolerance?: number | undefined;
  readonly cause?: { readonly code?: unknown; readonly status?: unknown; readonly scope?: boolean };
}

export function toNotedFailure(error: BatchError | ConfigurationError): NotedFailure {
  const { message } = error;
  if (error instanceof BatchError) {
    const { code, resumable, permanent, tolerance } = error;
    return { code, message, resumable, permanent, tolerance, cause: causeOf(error) };
  }
  // The options of the worker or of the export are wrong.
  return { code: 'ERR_QUEUE', message, resumable: true, permanent: false };
}

/** The response of an axios error. */
interface Refusal {
  status?: unknown;
  headers?: unknown;
}

/** Returns the only fields of an error that may go to Redis, because axios errors contain the token. */
function causeOf({ cause }: BatchError): NonNullable<NotedFailure['cause']> {
  const { code, response } = Object(cause) as { code?: unknown; response?: Refusal };
  return { code, status: response?.status, ...(isScopeRefusal(response?.headers) && { scope: true }) };
}

/** Validates an error of a part, because other programs can write to Redis. */
export function readNotedFailure(noted: unknown): NotedFailure | undefined {
  const { code, message, resumable, permanent, tolerance, cause } = Object(noted) as {
    readonly [name in keyof NotedFailure]?: unknown;
  };
  if (typeof message !== 'string' || !/^ERR_[A-Z_]+$/.test(String(code))) return undefined;
  return {
    code: code as BatchErrorCode,
    message,
    resumable: resumable === true,
    permanent: permanent === true,
    ...(typeof tolerance === 'number' && { tolerance }),
    ...(typeof cause === 'object' && cause !== null && { cause }),
  };
}
