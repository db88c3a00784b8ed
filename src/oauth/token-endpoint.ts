import { type GrantContext, type Secret, TokenEndpointError, type TokenResponse } from '../core/index.ts';
import { readSecret, redact, redactUrl } from '../core/internal.ts';
import { type ClientAuthentication, clientSecretBasic, clientSecretPost } from './client-authentication.ts';
import { mapResponse, type ReadTokenResponse } from './map-response.ts';
import { sendTokenRequest, type TokenHttpRequest, type TokenHttpResponse } from './token-request.ts';
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

/**
 * Requests a token from a token endpoint (RFC 6749 section 3.2). After a refusal, reads the secrets again, and repeats the request
 * once if a secret was replaced.
 *
 * @param grant the form fields of the grant. All fields except `grant_type` and `scope` are treated as secrets.
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

  const headers: Record<string, string> = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const body = new URLSearchParams({ ...client.parameters, ...grant });
  await authenticate({ headers, body }, clientId, secret);

  const { isThrottled } = client;
  const answer = await sendTokenRequest(context, {
    method: 'POST',
    url: tokenEndpoint,
    headers,
    body: body.toString(),
    isThrottled,
  });
  const response = await mapResponse(answer, client.readTokenResponse);
  if (response.status >= 200 && response.status < 300) {
    return parseTokenResponse(response.body, context.clock.now());
  }

  // All confidential values of the request, plain and as they were encoded.
  const { grant_type, scope, ...confidential } = { ...client.parameters, ...grant };
  const credentials = headers.Authorization?.split(' ')[1];
  throw refusal(tokenEndpoint, response, [secret, credentials, ...Object.values(confidential)]);
}

const ADVICE: Readonly<Record<string, string>> = {
  invalid_client: 'Check the client id and secret, and that they belong to this region or tenant',
  invalid_grant: 'Check the user name and password, the access key or the refresh token',
  invalid_scope: 'Check that the OAuth client may have this scope',
  unauthorized_client: 'Check that the OAuth client may use this grant type',
  unsupported_grant_type: 'Check that this is the right token endpoint for this grant type',
};

function refusal(
  tokenEndpoint: string,
  { status, body }: TokenHttpResponse,
  secrets: readonly (string | undefined)[],
): TokenEndpointError {
  const answer = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const read = (value: unknown) => (typeof value === 'string' ? redact(value, secrets) : undefined);
  const error = read(answer.error);
  // The field names of RFC 6749, NICE CXone and Genesys Cloud.
  const errorDescription = read(answer.error_description ?? answer.errorDescription ?? answer.description);
  const detail = error
    ? `${error}${errorDescription ? ` (${errorDescription})` : ''}`
    : 'without OAuth error';
  const advice = ADVICE[error ?? ''] ?? 'Check the URL of the token endpoint';
  return new TokenEndpointError(`${redactUrl(tokenEndpoint)} answered ${status}, ${detail}. ${advice}`, {
    code: 'ERR_TOKEN_ENDPOINT',
    status,
    error,
    errorDescription,
  });
}
