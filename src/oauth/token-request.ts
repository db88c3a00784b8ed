import type { AxiosResponse } from 'axios';
import { type GrantContext, TokenRequestError, TokenResponseError } from '../core/index.ts';
import { parseRetryAfter, readBody, redactUrl, retryLoop, throwIfAborted } from '../core/internal.ts';

/** A token request, or the discovery request before it. */
export interface TokenHttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  /** The form, already encoded. */
  body?: string;
  /** Returns whether a response throttles the client, for servers that do not use status 429, such as Genesys Cloud with 400. */
  isThrottled?: ((response: TokenHttpResponse) => boolean) | undefined;
}

/** A response of the token server. `body` is the parsed JSON, or the text if it is not JSON. */
export interface TokenHttpResponse {
  status: number;
  body: unknown;
}

const MAX_RESPONSE_BYTES = 1_000_000;

/**
 * Sends a request to the token server and retries it after network errors, 408, 429 and 5xx. Does not use axios-retry, because the
 * retries share one deadline and use the injected clock.
 *
 * @throws TokenRequestError if the retries fail; TokenResponseError if the response is larger than 1 MB.
 */
export async function sendTokenRequest(
  context: GrantContext,
  request: TokenHttpRequest,
): Promise<TokenHttpResponse> {
  const { clock, deadline } = context;
  let failure: TokenRequestError;
  const attempt = async () => {
    const answer = await sendOnce(context, request);
    if (!(answer instanceof TokenRequestError)) return answer;
    failure = answer;
    return undefined;
  };
  return retryLoop(context, context.retryDelay, attempt, (delay, count) => {
    const wait = Math.max(failure.retryAfter ?? 0, delay);
    // Do not wait for a Retry-After beyond the deadline.
    if (count >= context.retries || clock.now() + wait >= deadline) throw failure;
    return wait;
  });
}

/** Sends the request once. Returns the error instead of throwing it if a retry may help. */
async function sendOnce(
  { request: send, signal, clock }: GrantContext,
  request: TokenHttpRequest,
): Promise<TokenHttpResponse | TokenRequestError> {
  const where = redactUrl(request.url);
  let reply: AxiosResponse;
  try {
    reply = await send({
      method: request.method,
      url: request.url,
      // Override axios.defaults of the application, which may contain credentials or another URL.
      baseURL: '',
      allowAbsoluteUrls: true,
      params: null,
      ...({ auth: null } as object),
      headers: { Accept: 'application/json', Authorization: false, ...request.headers },
      data: request.body,
      signal,
      responseType: 'text',
      transformRequest: [(data: unknown) => data],
      transformResponse: [(data: unknown) => data],
      validateStatus: () => true,
      maxContentLength: MAX_RESPONSE_BYTES,
      // A redirect must not carry the credentials to another URL.
      maxRedirects: 0,
      fetchOptions: { redirect: 'manual' },
    });
  } catch (error) {
    throwIfAborted(signal);
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (String(message).includes('maxContentLength')) {
      throw new TokenResponseError(`${where} answered with more than 1 MB. Check the URL`, {
        code: 'ERR_TOKEN_RESPONSE',
      });
    }
    // Only the code: messages of the network layer can contain the credentials of a proxy.
    const reason = typeof code === 'string' ? code : 'network error';
    return new TokenRequestError(
      `${where} could not be reached (${reason}). Check the URL, DNS, proxy and TLS settings`,
      { code: 'ERR_TOKEN_REQUEST' },
    );
  }

  const response: TokenHttpResponse = { status: reply.status, body: readBody(reply.data) };
  const throttled = reply.status === 429 || request.isThrottled?.(response) === true;
  if (!throttled && reply.status !== 408 && reply.status < 500) return response;
  return new TokenRequestError(
    throttled
      ? `${where} throttles this client (${reply.status}). Share one token between processes`
      : `${where} answered ${reply.status}`,
    {
      code: throttled ? 'ERR_TOKEN_THROTTLED' : 'ERR_TOKEN_REQUEST',
      status: reply.status,
      retryAfter: parseRetryAfter(reply.headers['retry-after'], clock.now()),
    },
  );
}
