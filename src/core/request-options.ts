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
}

declare module 'axios' {
  // Declaration merging requires the type parameters of axios.
  // biome-ignore lint/suspicious/noExplicitAny: axios's declaration
  interface AxiosRequestConfig<D = any, P = any> {
    /** Options of axios-oauth-refresh. `false` sends the request without a token and never refreshes one. */
    authRefresh?: AuthRefreshRequestOptions | false | undefined;
  }
}
