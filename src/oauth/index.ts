export {
  type ClientAuthentication,
  clientSecretBasic,
  clientSecretBasicUnencoded,
  clientSecretPost,
  type TokenRequestParts,
} from './client-authentication.ts';
export { clientCredentialsGrant, passwordGrant, refreshTokenGrant } from './grants.ts';
export type { ReadTokenResponse } from './map-response.ts';
export type { OAuthClient } from './token-endpoint.ts';
export type { TokenHttpResponse } from './token-request.ts';
export type { TokenResponseFields } from './token-response.ts';
