import {
  type GrantContext,
  type Secret,
  TokenEndpointError,
  TokenRequestError,
  type TokenResponse,
} from '../core/index.ts';
import { messageOf, type OptionTable, readSecret, redact } from '../core/internal.ts';
import {
  type ClientAuthentication,
  clientSecretBasic,
  clientSecretPost,
  type TokenRequestParts,
} from './client-authentication.ts';
import { mapResponse, type ReadTokenResponse } from './map-response.ts';
import { isRefusal, refusalError } from './refusal.ts';
import { sendTokenRequest, type TokenHttpRequest } from './token-request.ts';
import { parseTokenResponse } from './token-response.ts';

/** An OAuth client and its token endpoint. */
export interface OAuthClient {
  tokenEndpoint: string;
  clientId: string;
  /** Absent for a public client. */
  clientSecret?: Secret | undefined;
  /** How the client authenticates. @default clientSecretBasic; clientSecretPost without a secret */
  clientAuthentication?: ClientAuthentication | undefined;
  /** Further form fields, such as `audience`. */
  parameters?: Readonly<Record<string, string>> | undefined;
  /** Returns whether a response throttles the client, for servers that do not use status 429. */
  isThrottled?: TokenHttpRequest['isThrottled'];
  /** Maps a response to the fields of RFC 6749 section 5.1. */
  readTokenResponse?: ReadTokenResponse | undefined;
}

export const CLIENT_OPTIONS: OptionTable<OAuthClient> = {
  tokenEndpoint: 'any',
  clientId: 'any',
  clientSecret: 'any',
  clientAuthentication: 'function',
  parameters: 'object',
  isThrottled: 'function',
  readTokenResponse: 'function',
};

/**
 * Requests a token from a token endpoint (RFC 6749 section 3.2). After a refusal, reads the secrets again, and repeats the request
 * once if a secret was replaced.
 *
 * @param grant the form fields of the grant. All fields except `grant_type` and `scope` are redacted from errors.
 * @throws TokenEndpointError if the token endpoint refuses; TokenRequestError; TokenResponseError.
 */
export async function requestToken(
  context: GrantContext,
  client: OAuthClient,
  grant: Readonly<Record<string, Secret>>,
): Promise<TokenResponse> {
  const secrets = { clientSecret: client.clientSecret ?? '', ...grant };
  const values = await readSecrets(secrets);
  try {
    return await sendGrant(context, client, values);
  } catch (error) {
    if (!(error instanceof TokenEndpointError)) throw error;
    const newer = await readSecrets(secrets).catch(() => values);
    if (JSON.stringify(newer) === JSON.stringify(values)) throw error;
    return sendGrant(context, client, newer);
  }
}

async function readSecrets<T extends Readonly<Record<string, Secret>>>(
  secrets: T,
): Promise<Record<keyof T, string>> {
  const values: Record<string, string> = {};
  for (const [name, secret] of Object.entries(secrets)) values[name] = await readSecret(name, secret);
  return values as Record<keyof T, string>;
}

async function sendGrant(
  context: GrantContext,
  client: OAuthClient,
  { clientSecret: secret, ...grant }: { readonly clientSecret: string; readonly [field: string]: string },
): Promise<TokenResponse> {
  const { tokenEndpoint, clientId } = client;
  const authenticate = client.clientAuthentication ?? (secret === '' ? clientSecretPost : clientSecretBasic);

  const secrets = [secret, ...new URLSearchParams(tokenEndpoint.split('?')[1]).values()];
  let authorization: string | undefined;
  const create = async () => {
    const request: TokenRequestParts = {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...client.parameters, ...grant }),
    };
    try {
      await authenticate(request, clientId, secret);
    } catch (error) {
      const reason = redact(messageOf(error), [secret, ...confidentialValues(request)]);
      throw new TokenRequestError(`clientAuthentication failed: ${reason}`, { code: 'ERR_CALLBACK' });
    }
    // The function may have replaced both parts.
    const { headers, body } = request;
    authorization = headers.Authorization;
    secrets.push(...confidentialValues(request));
    return { headers, body: body.toString() };
  };

  const { isThrottled } = client;
  const answer = await sendTokenRequest(context, {
    method: 'POST',
    url: tokenEndpoint,
    create,
    secrets,
    isThrottled,
  });
  const response = await mapResponse(answer, client.readTokenResponse, secrets);
  if (isRefusal(response)) {
    throw refusalError({ tokenEndpoint, clientId, clientSecret: secret, authorization, secrets }, response);
  }
  return parseTokenResponse(response.body, context.clock.now());
}

const PUBLIC_FIELDS = ['grant_type', 'scope', 'client_id', 'client_assertion_type'];

/** Returns the values of a token request that must not appear in errors. */
function confidentialValues({ headers, body }: TokenRequestParts): string[] {
  const { 'Content-Type': _, ...rest } = headers;
  const fields = [...body].filter(([name]) => !PUBLIC_FIELDS.includes(name));
  return [
    // Without its scheme, the value of an Authorization field is as secret.
    ...Object.values(rest).flatMap((value) => [`${value}`, `${value}`.replace(/^\S+ /, '')]),
    ...fields.map(([, value]) => value),
  ];
}
