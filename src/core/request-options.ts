/** What one request asks of the plugin: the `authRefresh` of its axios config. */
export interface AuthRefreshRequestOptions {
  /**
   * Makes the request's body, anew for each send, in place of `data`; what it returns is sent as it is.
   *
   * A body that can be read only once (a Node stream, npm `form-data`, a web stream) needs it to be replayed.
   *
   * @example
   * api.post('/upload', undefined, { authRefresh: { body: () => createReadStream('a.csv') } })
   */
  body?: (() => unknown) | undefined;
  /**
   * Sending the request twice does no harm, whatever its method: it may be retried after 502, 503, 504 and network
   * errors.
   *
   * @default false, and true for the methods that RFC 9110 section 9.2.2 calls idempotent
   */
  idempotent?: boolean | undefined;
}

declare module 'axios' {
  // The type parameters repeat axios's own, as declaration merging demands.
  // biome-ignore lint/suspicious/noExplicitAny: axios's declaration
  interface AxiosRequestConfig<D = any, P = any> {
    /** Options of axios-oauth-refresh; `false` sends the request without a token and never refreshes one. */
    authRefresh?: AuthRefreshRequestOptions | false | undefined;
  }
}
