export { type AuthRefreshAttachment, attachAuthRefresh } from './attach.ts';
export type { AuthRefreshOptions } from './attach-options.ts';
export {
  type ClientAuthentication,
  clientSecretBasic,
  clientSecretBasicUnencoded,
  clientSecretPost,
  type TokenRequestParts,
} from './client-authentication.ts';
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
export { clientCredentialsGrant, passwordGrant, refreshTokenGrant } from './grants.ts';
export type { AuthRefreshRequestOptions } from './request-options.ts';
export type { RetryOptions } from './retry.ts';
export type { Secret } from './secret.ts';
export { memoryStore } from './stores/memory.ts';
export type { LockOptions, StoredToken, TokenLock, TokenStore } from './stores/store.ts';
export type { TokenHttpResponse } from './token-client.ts';
export type { OAuthClient } from './token-endpoint.ts';
export { createTokenManager, type TokenManager } from './token-manager.ts';
export type { TokenManagerOptions } from './token-manager-options.ts';
export type { TokenResponse, TokenSet } from './token-set.ts';
export { type OAuth2VendorOptions, oauth2Vendor } from './vendors/oauth2.ts';
export type { Refusal, RequestSummary, Vendor } from './vendors/vendor.ts';
