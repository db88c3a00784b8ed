import type { AxiosResponse } from 'axios';
import { type GrantContext, TokenRequestError, TokenResponseError } from '../core/index.ts';
import { parseRetryAfter, readBody, redactUrl, retryLoop } from '../core/internal.ts';

/** A request on the way to a token: the form POST, or the discovery before it. */
export interface TokenHttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  /** The form, already encoded. */
  body?: string;
  /** Tells a throttle that does not use status 429, such as Genesys Cloud's 400. */
  isThrottled?: ((response: TokenHttpResponse) => boolean) | undefined;
}

/** What came back: `body` is the parsed JSON, or the text where it is none. */
export interface TokenHttpResponse {
  status: number;
  body: unknown;
}

const MAX_RESPONSE_BYTES = 1_000_000;

/**
 * Sends a request to the token server and retries it after network errors, 408, 429 and 5xx.
 *
 * The retries are our own, not axios-retry's, because they share one deadline and run on the injected clock.
 *
 * @throws TokenRequestError when no usable answer came; TokenResponseError when the answer is over 1 MB.
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

/** Returns, rather than throws, an error that a retry may fix. */
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
      // Nothing of the application's axios.defaults, which may hold credentials or lead elsewhere.
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
      // Credentials are not carried on to wherever an answer points.
      maxRedirects: 0,
      fetchOptions: { redirect: 'manual' },
    });
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (String(message).includes('maxContentLength')) {
      throw new TokenResponseError(`${where} answered with more than 1 MB. Is it really a token endpoint?`, {
        code: 'ERR_TOKEN_RESPONSE',
      });
    }
    // The code alone: messages of the network layer can hold a proxy's credentials.
    const reason = typeof code === 'string' ? code : 'network error';
    return new TokenRequestError(
      `${where} could not be reached (${reason}). Check the address, DNS, proxy and TLS settings`,
      { code: 'ERR_TOKEN_REQUEST' },
    );
  }

  const response: TokenHttpResponse = { status: reply.status, body: readBody(reply.data) };
  const throttled = reply.status === 429 || request.isThrottled?.(response) === true;
  if (!throttled && reply.status !== 408 && reply.status < 500) return response;
  return new TokenRequestError(
    throttled
      ? `${where} throttles this client (${reply.status}). Share one token between processes, and ask for fewer`
      : `${where} answered ${reply.status}`,
    {
      code: throttled ? 'ERR_TOKEN_THROTTLED' : 'ERR_TOKEN_REQUEST',
      status: reply.status,
      retryAfter: parseRetryAfter(reply.headers['retry-after'], clock.now()),
    },
  );
}
