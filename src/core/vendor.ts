import type { Grant } from './grant.ts';

/** A response that refuses the token, reduced to the parts that show whether a new token would help. */
export interface Refusal {
  status: number;
  /** Names are in lower case. */
  headers: Readonly<Record<string, unknown>>;
  /** The error of the Bearer challenge, such as `invalid_token` (RFC 6750 section 3.1). */
  bearerError: string | undefined;
  /** The response body, parsed if it is JSON; undefined for streams and Blobs, which are not read. */
  body: unknown;
}

/** A request, reduced to the parts that show what it does. */
export interface RequestSummary {
  /** In upper case. */
  method: string;
  /** The path of the URL that axios sends, which may begin in the base URL. Without query and fragment. */
  url: string;
}

/** The texts whose hashes are a vendor's keys in a store. */
export interface StoreKeys {
  /** Distinguishes the access token. Used if the vendor has no `tokenKey`. */
  readonly access: string;
  /**
   * Distinguishes the refresh token that the vendor starts with. Vendors with the same text are a family: they share one lock and one stored
   * refresh token, and keep access tokens of different scopes or audiences apart.
   */
  readonly family?: string | undefined;
}

/** Describes one vendor or OAuth server. A plain object: you can write your own, or copy and change one. */
export interface Vendor {
  /** The name in messages, such as `Genesys Cloud`. */
  readonly name: string;
  /**
   * Distinguishes this client's tokens from all others in a store. Contains everything that changes the token, and no secret. The
   * store receives a hash of `tokenKey` and `name`. Required to use a store, unless the vendor has `storeKeys`.
   */
  readonly tokenKey?: string | undefined;
  /** Returns the texts that identify the tokens in a store if they depend on a secret, such as the initial refresh token. */
  readonly storeKeys?: (() => Promise<StoreKeys>) | undefined;
  /** Fetches a token. */
  readonly grant: Grant;
  /**
   * Fetches a token with the refresh token of the previous token. If the server refuses the refresh token, the manager drops the refresh
   * token and uses `grant` instead, once.
   */
  readonly refreshGrant?: Grant | undefined;
  /** Origins that may receive the token, such as `https://api.mypurecloud.com`. */
  readonly resourceOrigins: readonly string[];
  /** Base URL for relative URLs on an instance without a `baseURL`. Its origin may receive the token. */
  readonly apiBaseUrl?: string | undefined;
  /** Whether the API's base URL is known only from the token. Without it, `apiBaseUrl` of a token is ignored. */
  readonly announcesApi?: boolean | undefined;
  /** Returns whether a new token would help after a refusal. If it returns undefined, the Bearer challenge decides. */
  readonly isCurable?: ((refusal: Refusal) => boolean | undefined) | undefined;
  /** Returns whether a request only reads, although its method is not idempotent. Such requests are retried. */
  readonly isReadOnly?: ((request: RequestSummary) => boolean) | undefined;
}
