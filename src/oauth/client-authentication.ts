import { formEncode, toUtf8 } from '../core/internal.ts';

/** The parts of a token request that a {@link ClientAuthentication} may change. */
export interface TokenRequestParts {
  headers: Record<string, string>;
  body: URLSearchParams;
}

/**
 * Adds a client's credentials to a token request (RFC 6749 section 2.3.1). Called for each send, also for each retry, so that an
 * assertion with a `jti` is sent only once (RFC 7523 section 3). Everything that it adds is redacted from errors.
 *
 * @param clientSecret empty for a public client.
 */
export type ClientAuthentication = (
  request: TokenRequestParts,
  clientId: string,
  clientSecret: string,
) => void | Promise<void>;

/** HTTP Basic with form-encoded credentials (RFC 6749 section 2.3.1). */
export const clientSecretBasic: ClientAuthentication = (request, clientId, clientSecret) => {
  request.headers.Authorization = basic(formEncode(clientId), formEncode(clientSecret));
};

/** Credentials as form fields: `client_id`, and `client_secret` if it is not empty. */
export const clientSecretPost: ClientAuthentication = (request, clientId, clientSecret) => {
  request.body.set('client_id', clientId);
  if (clientSecret) request.body.set('client_secret', clientSecret);
};

/** HTTP Basic with unencoded credentials (RFC 7617), for servers that do not decode them. */
export const clientSecretBasicUnencoded: ClientAuthentication = (request, clientId, clientSecret) => {
  request.headers.Authorization = basic(clientId, clientSecret);
};

/** Returns the `Authorization` field of HTTP Basic (RFC 7617). */
export function basic(user: string, password: string): string {
  return `Basic ${btoa(toUtf8(`${user}:${password}`))}`;
}
