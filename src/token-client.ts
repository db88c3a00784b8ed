import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import { type Clock, sleep } from './clock.ts';
import { TokenRequestError, TokenResponseError } from './errors.ts';
import { backoff, parseRetryAfter } from './retry-after.ts';

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

/** What {@link sendTokenRequest} works with. */
export interface TokenClient {
  http: AxiosInstance;
  /** Proxy and agents, asked for at each request: the application may set them late. */
  transport: () => AxiosRequestConfig;
  clock: Clock;
  random: () => number;
  /** How often a failed request is retried. */
  retries: number;
  /** Milliseconds before the first retry, doubled at each further one. */
  retryDelay: number;
}

const MAX_RESPONSE_BYTES = 1_000_000;

/**
 * Sends a request to the token server and retries it after network errors, 408, 429 and 5xx.
 *
 * The retries are our own, not axios-retry's, because they share one deadline and run on the injected clock.
 *
 * @param deadline milliseconds since the epoch; a `Retry-After` beyond it is not waited for.
 * @throws TokenRequestError when no usable answer came; TokenResponseError when the answer is over 1 MB.
 */
export async function sendTokenRequest(
  client: TokenClient,
  request: TokenHttpRequest,
  signal: AbortSignal,
  deadline: number,
): Promise<TokenHttpResponse> {
  for (let attempt = 0; ; attempt++) {
    const answer = await sendOnce(client, request, signal);
    if (!(answer instanceof TokenRequestError)) return answer;
    const wait = Math.max(answer.retryAfter ?? 0, backoff(attempt, client.retryDelay, client.random));
    if (attempt >= client.retries || client.clock.now() + wait >= deadline) throw answer;
    await sleep(client.clock, wait, signal);
  }
}

/** Returns, not throws, what a retry may mend. */
async function sendOnce(
  client: TokenClient,
  request: TokenHttpRequest,
  signal: AbortSignal,
): Promise<TokenHttpResponse | TokenRequestError> {
  const where = displayUrl(request.url);
  let reply: { status: number; headers: Record<string, unknown>; data: unknown };
  try {
    const config: AxiosRequestConfig = {
      ...client.transport(),
      method: request.method,
      url: request.url,
      headers: { Accept: 'application/json', ...request.headers },
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
      authRefresh: false,
    };
    reply = await client.http.request(config);
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

  const response: TokenHttpResponse = { status: reply.status, body: parseJson(reply.data) };
  const throttled = reply.status === 429 || request.isThrottled?.(response) === true;
  if (!throttled && reply.status !== 408 && reply.status < 500) return response;
  return new TokenRequestError(
    throttled
      ? `${where} throttles this client (${reply.status}). Share one token between processes, and ask for fewer`
      : `${where} answered ${reply.status}`,
    {
      code: throttled ? 'ERR_TOKEN_THROTTLED' : 'ERR_TOKEN_REQUEST',
      status: reply.status,
      retryAfter: parseRetryAfter(reply.headers['retry-after'], client.clock.now()),
    },
  );
}

/** An address for messages: without credentials, query and fragment, which may hold secrets. */
export function displayUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** The JSON value in a text, or whatever it was. */
export function parseJson(data: unknown): unknown {
  if (typeof data !== 'string') return data;
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
