export type { Clock } from './core/clock.ts';
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
} from './core/errors.ts';
export type { AuthRefreshEvent, AuthRefreshListener, RefreshReason } from './core/events.ts';
export type { Grant, GrantContext } from './core/grant.ts';
export type { AuthRefreshRequestOptions } from './core/request-options.ts';
export type { Secret } from './core/secret.ts';
export type { TokenResponse, TokenSet } from './core/token-set.ts';
export type { LockOptions, StoredToken, TokenLock, TokenStore } from './core/token-store.ts';
export type { Refusal, RequestSummary, Vendor } from './core/vendor.ts';
export {
  type ClientAuthentication,
  clientSecretBasic,
  clientSecretBasicUnencoded,
  clientSecretPost,
  type TokenRequestParts,
} from './oauth/client-authentication.ts';
export { clientCredentialsGrant, passwordGrant, refreshTokenGrant } from './oauth/grants.ts';
export type { OAuthClient } from './oauth/token-endpoint.ts';
export type { TokenHttpResponse } from './oauth/token-request.ts';
export { type AuthRefreshAttachment, attachAuthRefresh } from './plugin/attach.ts';
export type { AuthRefreshOptions } from './plugin/attach-options.ts';
export type { RetryOptions } from './plugin/retry.ts';
export { memoryStore } from './stores/memory.ts';
export { createTokenManager, type TokenManager } from './token/token-manager.ts';
export type { TokenManagerOptions } from './token/token-manager-options.ts';
export { type OAuth2VendorOptions, oauth2Vendor } from './vendors/oauth2.ts';
