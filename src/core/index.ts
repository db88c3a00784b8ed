export type { Clock } from './clock.ts';
export {
  AuthRefreshError,
  type AuthRefreshErrorCode,
  ConfigurationError,
  isAuthRefreshError,
  isTokenError,
  TokenEndpointError,
  TokenError,
  TokenRequestError,
  TokenResponseError,
  TokenStoreError,
} from './errors.ts';
export type { AuthRefreshEvent, AuthRefreshListener, RefreshReason } from './events.ts';
export type { Grant, GrantContext } from './grant.ts';
export type { Rate, RateLimiter } from './rate.ts';
export type { AuthRefreshRequestOptions, RequestTotals } from './request-options.ts';
export type { Secret } from './secret.ts';
export type { TokenResponse, TokenSet } from './token-set.ts';
export type {
  KnownFromStore,
  LockOptions,
  ObtainedToken,
  SharedFetch,
  SharedToken,
  SharedTokenStore,
  ShareOptions,
  StoredToken,
  TokenLock,
  TokenStore,
} from './token-store.ts';
export type { Refusal, RequestSummary, StoreKeys, Vendor } from './vendor.ts';
