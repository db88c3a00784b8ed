import { type AxiosError, isAxiosError } from 'axios';
import { ConfigurationError, isAuthRefreshError } from '../core/index.ts';
import { messageOf, redactUrl } from '../core/internal.ts';
import { BatchError } from './errors.ts';

/** The error of a run whose signal was aborted. */
export function interrupted(reason: unknown): BatchError {
  return new BatchError('interrupted: run the same again to go on from the checkpoint.', 'ERR_INTERRUPTED', {
    cause: reason,
  });
}

/** Makes a {@link BatchError} of whatever ended a run. One about options is left as it is. */
export function toBatchError(thrown: unknown): BatchError | ConfigurationError {
  if (thrown instanceof BatchError || thrown instanceof ConfigurationError) return thrown;
  if (isAxiosError(thrown)) {
    return new BatchError(describeFailure(thrown), 'ERR_REQUEST', { cause: thrown });
  }
  return new BatchError(messageOf(thrown), 'ERR_CALLBACK', { cause: thrown });
}

/** Says which request failed, how, and what to check. */
function describeFailure(error: AxiosError): string {
  const { config, response, code, message } = error;
  const request = `${(config?.method ?? 'get').toUpperCase()} ${redactUrl(config?.url ?? '')}`;
  if (isAuthRefreshError(error)) return `${request} could not be sent: ${message}`;
  if (!response) return `${request} failed: ${message}${code ? ` (${code})` : ''}.`;
  const said = reasonOf(response.data, response.headers);
  return `${request} was answered with ${response.status}${said ? ` "${said}"` : ''}${advice(response.status)}.`;
}

function advice(status: number): string {
  switch (status) {
    case 401:
      return (
        ': authentication failed, and a new token does not help. Check that the OAuth client is active, belongs to ' +
        'this API and region, and has the scopes it needs'
      );
    case 403:
      return ': forbidden. The OAuth client lacks a permission, or the token a scope: check its roles and scopes';
    case 404:
      return ': check the URL, the region and ids in it';
    case 429:
      return ': rate limit exceeded, also after retries. Set a lower rate, and see what else uses the same OAuth client';
    default:
      return status >= 500 ? ', also after retries: the API has a fault; try again later' : '';
  }
}

// NICE CXone says it in a header, at times only there.
const REASON_HEADER = 'icstatusdescription';

/** What an API said in the body or the headers of an error; undefined when nothing. */
export function reasonOf(data: unknown, headers: unknown): string | undefined {
  const body = Object(data) as Record<string, unknown>;
  const said = [
    body.message,
    body.error_description,
    body.errorDescription,
    body.error,
    Object(headers)[REASON_HEADER],
  ];
  const text = said.find((value) => typeof value === 'string' && value !== '') as string | undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not reach a terminal
  return text?.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 300);
}
