import type { OptionTable } from '../core/internal.ts';

/** The header field that carries the token, for APIs that expect another field than RFC 6750. */
export interface AuthorizationHeader {
  /** The name of the field. @default 'Authorization' @example 'X-Access-Token' */
  name?: string | undefined;
  /** The word before the token. An empty string sends the token alone. @default 'Bearer' */
  scheme?: string | undefined;
}

export const HEADER_OPTIONS: OptionTable<AuthorizationHeader> = { name: 'string', scheme: 'string' };

// RFC 9110 section 5.6.2.
export const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

/** Adds the default values. */
export function resolveHeader({ name = 'Authorization', scheme = 'Bearer' }: AuthorizationHeader = {}): {
  name: string;
  scheme: string;
} {
  return { name, scheme };
}

/** Returns the problem with an `authorizationHeader`, or false. */
export function headerProblem(header: { name: string; scheme: string }): string | false {
  const isValid = TOKEN.test(header.name) && TOKEN.test(header.scheme || '-');
  return (
    !isValid &&
    `authorizationHeader must have a header name, and a scheme of one word or '', not ${JSON.stringify(header)}`
  );
}
