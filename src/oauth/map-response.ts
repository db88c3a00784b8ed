import type { AxiosResponse } from 'axios';
import { TokenRequestError, type TokenResponse } from '../core/index.ts';
import { messageOf, redact } from '../core/internal.ts';
import type { TokenHttpResponse } from './token-request.ts';
import type { TokenResponseFields } from './token-response.ts';

/**
 * Maps a response of the token server with a 2xx status to the fields of RFC 6749 section 5.1, or to a token as a grant returns it.
 * If it returns undefined, the fields of the response are read.
 *
 * @param body parsed JSON, the fields of a form, or else the text. Untyped, like `response.data` of axios.
 * @example
 * ({ data }) => ({ access_token: data.jwt, expires_in: data.ttl })
 */
export type ReadTokenResponse = (
  body: AxiosResponse['data'],
  response: TokenHttpResponse,
) => MappedResponse | Promise<MappedResponse>;

type MappedResponse = TokenResponseFields | TokenResponse | undefined;

/**
 * Returns the response with the fields of RFC 6749 as its body.
 *
 * @throws TokenRequestError (`ERR_CALLBACK`) if the function fails or returns anything but an object or undefined.
 */
export async function mapResponse(
  response: TokenHttpResponse,
  read: ReadTokenResponse | undefined,
  secrets: readonly string[],
): Promise<TokenHttpResponse> {
  const { status, body } = response;
  if (!read || status < 200 || status >= 300) return response;
  const isRefusal = typeof Object(body).error === 'string';
  try {
    const mapped: unknown = await read(body, response);
    if (mapped === undefined) return response;
    if (typeof mapped !== 'object' || mapped === null)
      throw new Error('it must return an object or undefined');
    const fields = toFields(mapped);
    // The server's own error says more than a mapping without a token.
    return isRefusal && !fields.access_token && !fields.error ? response : { ...response, body: fields };
  } catch (error) {
    if (isRefusal) return response;
    // The message of a SyntaxError quotes the text that was parsed, which contains the token.
    const reason =
      (error as Error | null)?.name === 'SyntaxError'
        ? 'SyntaxError'
        : redact(messageOf(error), [...secrets, ...textsOf(body)]);
    throw new TokenRequestError(`readTokenResponse failed: ${reason}`, { code: 'ERR_CALLBACK' });
  }
}

/** Returns the texts of a body, each of which can be a token. */
function textsOf(body: unknown): string[] {
  const texts: string[] = [];
  JSON.stringify(body, (_, value: unknown) => {
    if (typeof value === 'string') texts.push(value);
    return value;
  });
  return texts;
}

function toFields(mapped: TokenResponseFields | TokenResponse): TokenResponseFields {
  if (!('accessToken' in mapped)) return mapped as TokenResponseFields;
  const { accessToken, lifetime, refreshToken, ...rest } = mapped;
  return {
    access_token: accessToken,
    expires_in: lifetime && lifetime / 1000,
    refresh_token: refreshToken,
    ...rest,
  };
}
