import axios, { type AxiosError, type AxiosResponse } from 'axios';
import { type GrantContext, TokenRequestError, TokenResponseError } from '../core/index.ts';
import {
  messageOf,
  monotonicOf,
  redact,
  redactUrl,
  removeUserInfo,
  retryLoop,
  throttleDelay,
  throwIfAborted,
} from '../core/internal.ts';
import { readTokenBody } from './token-body.ts';

/** A token request, or the discovery request before it. */
export interface TokenHttpRequest {
  method: 'GET' | 'POST';
  url: string;
  /** Creates the headers and the encoded form. Called for each send. */
  create?: () => Promise<{ headers: Record<string, string>; body: string }>;
  /** The values to redact in errors. `create` may add some. */
  secrets?: readonly string[];
  /** Returns whether a response throttles the client, for servers that do not use status 429, such as Genesys Cloud with 400. */
  isThrottled?: ((response: TokenHttpResponse) => boolean) | undefined;
}

/** A response of the token server. `body` is parsed JSON, the fields of a form, or else the text. */
export interface TokenHttpResponse {
  status: number;
  /** Names are in lower case. */
  headers: Readonly<Record<string, unknown>>;
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
  const { clock } = context;
  const now = monotonicOf(clock);
  const deadline = now() + context.deadline - clock.now();
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
    if (count >= context.retries || now() + wait >= deadline) throw failure;
    return wait;
  });
}

/** Sends the request once. Returns the error instead of throwing it if a retry may help. */
async function sendOnce(
  { request: send, signal, clock }: GrantContext,
  request: TokenHttpRequest,
): Promise<TokenHttpResponse | TokenRequestError> {
  const where = redactUrl(request.url);
  const created = await request.create?.();
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
      headers: withoutForeignCredentials({ Accept: 'application/json', ...created?.headers }),
      data: created?.body,
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
    const { message } = Object(error);
    if (String(message).includes('maxContentLength')) {
      throw new TokenResponseError(`${where} answered with more than 1 MB. Check the URL`, {
        code: 'ERR_TOKEN_RESPONSE',
      });
    }
    const reason = describe(error, request.secrets ?? []);
    return new TokenRequestError(
      reason === undefined
        ? `${where} could not be reached (${(error as AxiosError).code}). Check the URL, DNS, proxy and TLS settings`
        : `the request to ${where} failed with ${reason}. Check the interceptors and the adapter of tokenClient`,
      { code: 'ERR_TOKEN_REQUEST' },
    );
  }

  const response: TokenHttpResponse = {
    status: reply.status,
    headers: reply.headers,
    body: readTokenBody(reply),
  };
  const throttled = reply.status === 429 || request.isThrottled?.(response) === true;
  if (!throttled && reply.status !== 408 && reply.status < 500) return response;
  return new TokenRequestError(
    throttled
      ? `${where} throttles this client (${reply.status}). Share one token between processes`
      : `${where} answered ${reply.status}`,
    {
      code: throttled ? 'ERR_TOKEN_THROTTLED' : 'ERR_TOKEN_REQUEST',
      status: reply.status,
      retryAfter: throttleDelay(reply, clock.now(), throttled),
    },
  );
}

/** Prevents the default `Authorization` of an instance. axios would not replace `false` with another spelling of the name. */
function withoutForeignCredentials(headers: Record<string, string>): Record<string, string | false> {
  const isSet = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  return isSet ? headers : { Authorization: false, ...headers };
}

/** Describes what an interceptor or an adapter threw. Returns undefined for an error of the network layer with a code. */
function describe(error: unknown, secrets: readonly string[]): string | undefined {
  const thrown = Object(error);
  // The code says enough, and messages of the network layer can contain the credentials of a proxy.
  if (axios.isAxiosError(error) && error.code) return undefined;
  const className = thrown.name === 'Error' ? thrown.constructor?.name : thrown.name;
  return redact(`${className ?? typeof error}: ${removeUserInfo(messageOf(error))}`, secrets);
}
