import { type AxiosError, isAxiosError } from 'axios';
import { ConfigurationError, isAuthRefreshError } from '../core/index.ts';
import { messageOf, redactUrl } from '../core/internal.ts';
import { BatchError } from './errors.ts';

/** Returns the error of a run whose signal was aborted. */
export function interrupted(reason: unknown): BatchError {
  const message = 'interrupted: run the same export or import again to resume from the checkpoint.';
  return new BatchError(message, 'ERR_INTERRUPTED', { cause: reason });
}

/** Converts a thrown value into a {@link BatchError}. A ConfigurationError is returned unchanged. */
export function toBatchError(thrown: unknown): BatchError | ConfigurationError {
  if (thrown instanceof BatchError || thrown instanceof ConfigurationError) return thrown;
  if (isAxiosError(thrown)) {
    return new BatchError(describeFailure(thrown), 'ERR_REQUEST', { cause: thrown });
  }
  return new BatchError(messageOf(thrown), 'ERR_CALLBACK', { cause: thrown });
}

/** Describes which request failed, how, and what to check. */
function describeFailure(error: AxiosError): string {
  const { config, response, code, message } = error;
  const request = `${(config?.method ?? 'get').toUpperCase()} ${redactUrl(config?.url ?? '')}`;
  if (isAuthRefreshError(error)) return `${request} could not be sent: ${message}`;
  if (!response) return `${request} failed: ${message}${code ? ` (${code})` : ''}.`;
  const reason = reasonOf(response.data, response.headers);
  return `${request} returned ${response.status}${reason ? ` "${reason}"` : ''}${advice(response.status)}.`;
}

function advice(status: number): string {
  switch (status) {
    case 401:
      return (
        ': authentication failed, also with a new token. Check that the OAuth client is active, belongs to ' +
        'this API and region, and has the required scopes'
      );
    case 403:
      return ': forbidden. The OAuth client lacks a permission, or the token lacks a scope. Check its roles and scopes';
    case 404:
      return ': not found. Check the URL, the region, and the ids in the URL';
    case 429:
      return ': rate limit exceeded, also after retries. Set a lower rate, and check which other programs use the same OAuth client';
    default:
      return status >= 500 ? ', also after retries: the API is failing. Try again later' : '';
  }
}

// NICE CXone states the reason in this header, and sometimes only there.
const REASON_HEADER = 'icstatusdescription';

/** Returns the reason in the body or the headers of an error response, if any. */
export function reasonOf(data: unknown, headers: unknown): string | undefined {
  const body = Object(data) as Record<string, unknown>;
  const candidates = [
    body.message,
    body.error_description,
    body.errorDescription,
    body.error,
    Object(headers)[REASON_HEADER],
  ];
  const text = candidates.find((value) => typeof value === 'string' && value !== '') as string | undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters must not reach a terminal
  return text?.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 300);
}
