import type { Grant } from './grant.ts';

/** A refusal of the API's, as far as it tells whether a new token would help. */
export interface Refusal {
  status: number;
  /** By name in lower case. */
  headers: Readonly<Record<string, unknown>>;
  /** The error of the Bearer challenge, such as `invalid_token` (RFC 6750 section 3.1). */
  bearerError: string | undefined;
  /** The answer's body: parsed where it was JSON; a stream and a Blob are not read. */
  body: unknown;
}

/** What a vendor's API needs to know of a request to judge it. */
export interface RequestSummary {
  /** In upper case. */
  method: string;
  /** As the caller gave it: relative to the base URL or absolute. */
  url: string;
}

/**
 * What is particular to one vendor or OAuth server: a plain object, so that you can write your own or change one.
 */
export interface Vendor {
  /** For messages, such as `Genesys Cloud`. */
  readonly name: string;
  /**
   * What tells this client's tokens from all others in a store: whatever changes them, and no secret. The store is given
   * a hash of it and of `name`. Without it no store can be used.
   */
  readonly tokenKey?: string | undefined;
  /** How a token is had. */
  readonly grant: Grant;
  /**
   * How a token is had from the refresh token that came with the last one.
   * When that is refused as `invalid_grant`, `grant` is used again.
   */
  readonly refreshGrant?: Grant | undefined;
  /** Where the token may be sent, such as `https://api.mypurecloud.com`. */
  readonly resourceOrigins: readonly string[];
  /** Where relative URLs go on an instance without a `baseURL`; its origin is a resource origin. */
  readonly apiBaseUrl?: string | undefined;
  /** The API's base URL is known only from the token (`TokenResponse.apiBaseUrl`). */
  readonly announcesApi?: boolean | undefined;
  /** Tells whether a new token can cure a 401; undefined leaves it to the Bearer challenge. */
  readonly isCurable?: ((refusal: Refusal) => boolean | undefined) | undefined;
  /** Tells which requests only read although their method is not idempotent: they may be retried. */
  readonly isReadOnly?: ((request: RequestSummary) => boolean) | undefined;
}
