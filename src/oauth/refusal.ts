import { TokenEndpointError } from '../core/index.ts';
import { formEncode, isAccessToken, redact, redactUrl } from '../core/internal.ts';
import { basic } from './client-authentication.ts';
import type { TokenHttpResponse } from './token-request.ts';

/** The token request that was refused. */
export interface RefusedRequest {
  tokenEndpoint: string;
  clientId: string;
  clientSecret: string;
  /** The `Authorization` field of the request. */
  authorization: string | undefined;
  /** Everything to redact. */
  secrets: readonly string[];
}

/** Returns whether a response refuses the grant (RFC 6749 section 5.2). Some servers do so with status 200. */
export function isRefusal({ status, body }: TokenHttpResponse): boolean {
  const { error, access_token } = fieldsOf(body);
  return status < 200 || status >= 300 || (Boolean(error) && !isAccessToken(access_token));
}

const ADVICE: Readonly<Record<string, string>> = {
  invalid_client: 'Check the client id and secret, and that they belong to this region or tenant',
  invalid_grant: 'Check the user name and password, the access key or the refresh token',
  invalid_scope: 'Check that the OAuth client may have this scope',
  unauthorized_client: 'Check that the OAuth client may use this grant type',
  unsupported_grant_type: 'Check that this is the right token endpoint for this grant type',
};

/** Creates the error of a refused token request. */
export function refusalError(
  request: RefusedRequest,
  { status, body }: TokenHttpResponse,
): TokenEndpointError {
  const fields = fieldsOf(body);
  const read = (value: unknown) => (typeof value === 'string' ? redact(value, request.secrets) : undefined);
  const error = read(fields.error);
  // The field names of RFC 6749, NICE CXone and Genesys Cloud.
  const errorDescription = read(fields.error_description ?? fields.errorDescription ?? fields.description);
  const detail = error
    ? `${error}${errorDescription ? ` (${errorDescription})` : ''}`
    : 'without OAuth error';
  // The server chooses the error, which may be "constructor".
  const advice =
    error && Object.hasOwn(ADVICE, error) ? ADVICE[error] : 'Check the URL of the token endpoint';
  const hint = error === 'invalid_client' || (!error && status === 401) ? basicHint(request) : '';
  return new TokenEndpointError(
    `${redactUrl(request.tokenEndpoint)} answered ${status}, ${detail}. ${advice}${hint}`,
    { code: 'ERR_TOKEN_ENDPOINT', status, error, errorDescription },
  );
}

/** Returns what else to try if the server has refused HTTP Basic. */
function basicHint({ authorization = '', clientId, clientSecret }: RefusedRequest): string {
  const isUnencoded = authorization === basic(clientId, clientSecret);
  const isEncoded = !isUnencoded && authorization === basic(formEncode(clientId), formEncode(clientSecret));
  const advice = [
    // Servers that compare the credentials without decoding them refuse every secret with special characters.
    isEncoded &&
      'If the server does not decode the credentials of HTTP Basic, set clientAuthentication: clientSecretBasicUnencoded (in the environment OAUTH_CLIENT_AUTHENTICATION=basic-unencoded)',
    (isEncoded || isUnencoded) &&
      'If the server expects the credentials in the form, set clientAuthentication: clientSecretPost',
  ];
  return advice.map((text) => (text ? `. ${text}` : '')).join('');
}

function fieldsOf(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}
