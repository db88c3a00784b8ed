import type { TokenSet } from '../token-set.ts';

/**
 * Where tokens are kept beyond one token manager. A store that fails or hangs disturbs no request: the token is then
 * fetched without it, and a `store-failed` event says so.
 */
export interface TokenStore {
  /** Reads the token kept under a key. */
  get(key: string): Promise<TokenSet | undefined>;
  /** Keeps a token. It settles before the requests that wait for the token go on. */
  set(key: string, token: TokenSet): Promise<void>;
}
