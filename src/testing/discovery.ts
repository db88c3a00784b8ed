import { json, type Route } from './http.ts';
import type { World } from './world.ts';

/** Returns the two discovery documents with which a CXone client finds its token endpoint and API. They need no token. */
export function discoveryRoutes(world: World): Route[] {
  return [
    {
      method: 'GET',
      path: '/.well-known/openid-configuration',
      handle: () =>
        json(200, {
          issuer: world.url,
          authorization_endpoint: `${world.url}/auth/authorize`,
          token_endpoint: `${world.url}/auth/token`,
          jwks_uri: `${world.url}/auth/jwks`,
          grant_types_supported: ['password', 'refresh_token'],
          token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
        }),
    },
    {
      method: 'GET',
      path: '/.well-known/cxone-configuration',
      handle: ({ query }) =>
        query.get('tenantId') === world.settings.tenantId
          ? json(200, { api_endpoint: world.url, auth_endpoint: world.url, area: 'simulator' })
          : json(404, { error: 'not_found', errorDescription: 'Unknown tenant ID' }),
    },
  ];
}
