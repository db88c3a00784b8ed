/** Options of one request: the `authRefresh` of its axios config. */
export interface AuthRefreshRequestOptions {
  /**
   * Returns the request body. Called for each send, in place of `data`. axios does not transform the result.
   *
   * Required to replay a request whose body can be read only once: a Node stream, npm `form-data` or a web stream.
   *
   * @example
   * api.post('/upload', undefined, { authRefresh: { body: () => createReadStream('a.csv') } })
   */
  body?: (() => unknown) | undefined;
  /**
   * Whether the request may be sent twice. An idempotent request is retried after 408, 502, 503, 504 and network errors.
   *
   * @default true for the idempotent methods of RFC 9110 section 9.2.2, otherwise false
   */
  idempotent?: boolean | undefined;
  /**
   * `false` sends the token that the manager holds, even if the token has expired or was rejected. The request never starts a refresh and
   * is never replayed. It fails with `ERR_NO_TOKEN` if no token was fetched yet.
   *
   * @default true
   */
  refresh?: boolean | undefined;
  /**
   * Sends an idempotency key, so that the API executes the request once however often it arrives. The key stays the same for every
   * replay and retry, and if you send `error.config` again. With a key, every method is retried after 408, 502, 503, 504 and network
   * errors. `true` creates a UUID; a function returns the key. A header that you set yourself is kept.
   *
   * @default no key
   * @example
   * api.post('/payments', payment, { authRefresh: { idempotencyKey: true } })
   */
  idempotencyKey?: true | (() => string) | undefined;
  /**
   * The longest time for the whole request in milliseconds, from the end of the request interceptors to the response: token waits,
   * sends, retries and pauses. At the deadline the request rejects with an AxiosError `ETIMEDOUT`. If the wait for a retry would end after the deadline,
   * the last response or error is returned at once.
   *
   * @default no deadline
   */
  deadline?: number | undefined;
}

/** How much work one request took, over all replays and retries. The plugin sets these properties on responses and errors. */
export interface RequestTotals {
  /** How often the request was sent. */
  attempts?: number;
  /** How often the request was replayed with a new token. */
  replays?: number;
  /** Milliseconds that the request waited for tokens, retries, pauses after a 429, and the `rate`. */
  waited?: number;
}

declare module 'axios' {
  // Declaration merging requires the type parameters of axios.
  // biome-ignore lint/suspicious/noExplicitAny: axios's declaration
  interface AxiosRequestConfig<D = any, P = any> {
    /** Options of axios-oauth-refresh. `false` sends the request without a token and never refreshes one. */
    authRefresh?: AuthRefreshRequestOptions | false | undefined;
  }

  // Not AxiosError: the CommonJS types of axios export an alias of the class, which cannot be merged.
  // biome-ignore lint/suspicious/noExplicitAny: axios's declaration
  // biome-ignore lint/complexity/noBannedTypes: axios's declaration
  interface AxiosResponse<T = any, D = any, H = {}, P = any> extends RequestTotals {}
}
