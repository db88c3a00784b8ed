import { isTokenError, TokenEndpointError, type TokenError, TokenRequestError } from '../core/index.ts';
import { messageOf, throttleDelay } from '../core/internal.ts';

/**
 * Returns the {@link TokenError} for what a grant threw. A vendor's own grant may throw the error of an HTTP client, whose `response` shows
 * whether the server has refused the grant.
 */
export function toTokenError(thrown: unknown, now: number): TokenError {
  if (isTokenError(thrown)) return thrown;
  const { response, isAxiosError } = Object(thrown);
  const { status } = Object(response);
  const isRefused = status >= 400 && status < 500 && status !== 408 && status !== 429;
  const code =
    status === 429 ? 'ERR_TOKEN_THROTTLED' : status || isAxiosError ? 'ERR_TOKEN_REQUEST' : 'ERR_CALLBACK';
  return new (isRefused ? TokenEndpointError : TokenRequestError)(
    `the vendor's grant failed: ${messageOf(thrown)}`,
    {
      code: isRefused ? 'ERR_TOKEN_ENDPOINT' : code,
      status,
      retryAfter: throttleDelay(Object(response), now),
    },
  );
}
