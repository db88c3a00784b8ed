import { isKnownClient, readCredentials } from './client-credentials.ts';
import { json, type Reply, type Route, type SimRequest } from './http.ts';
import type { Audience } from './tokens.ts';
import { unsignedJwt } from './tokens.ts';
import type { World } from './world.ts';

/** Creates the error response of a token endpoint with the field names of a vendor. */
type Refuse = (status: number, error: string, text: string, headers?: Record<string, string>) => Reply;

// RFC 6749 section 5.1: a token must not be cached.
const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** Returns an error response of the Genesys token endpoint. */
export const refuseGenesys: Refuse = (status, error, text, headers) =>
  json(status, { error, description: text, error_description: text }, { ...NO_STORE, ...headers });

/** Returns an error response of the CXone token endpoint. */
export const refuseCxone: Refuse = (status, error, text, headers) =>
  json(status, { error, errorDescription: text }, { ...NO_STORE, ...headers });

/** The paths of the token endpoints. */
export const TOKEN_PATHS: ReadonlySet<string> = new Set(['/oauth/token', '/oauth2/token', '/auth/token']);

/** Returns the three token endpoints: Genesys, CXone of the tutorial, and the real CXone. */
export function tokenRoutes(world: World): Route[] {
  const { settings, tokens, counter } = world;

  const grant = (audience: Audience, more: Record<string, unknown> = {}): Reply => {
    const { accessToken, expiresIn } = tokens.issue(audience, world.url);
    counter.counts.tokensIssued++;
    const type = audience === 'genesys' ? 'bearer' : 'Bearer';
    return json(
      200,
      { access_token: accessToken, token_type: type, expires_in: expiresIn, ...more },
      NO_STORE,
    );
  };

  const withRefreshToken = (): Reply =>
    grant('cxone', {
      refresh_token: tokens.issueRefreshToken(),
      id_token: unsignedJwt({ iss: world.url, aud: settings.clientId, tenantId: settings.tenantId }),
    });

  const clientCredentials = (audience: Audience, refuse: Refuse) => (request: SimRequest) =>
    checked(world, request, refuse, (form) => {
      if (form.get('grant_type') !== 'client_credentials') return unsupported(form, refuse);
      // The tutorial sends a scope, which is ignored. The real response of Genesys contains no scope.
      return grant(audience);
    });

  const accessKeys = (request: SimRequest) =>
    checked(world, request, refuseCxone, (form) => {
      const type = form.get('grant_type');
      if (type === 'password') {
        const { accessKeyId, accessKeySecret } = settings;
        const valid = form.get('username') === accessKeyId && form.get('password') === accessKeySecret;
        return valid
          ? withRefreshToken()
          : refuseCxone(400, 'invalid_grant', 'Unknown access key or wrong secret');
      }
      if (type === 'refresh_token') {
        if (!tokens.spendRefreshToken(form.get('refresh_token') ?? '')) {
          return refuseCxone(400, 'invalid_grant', 'The refresh token is unknown, used or expired');
        }
        counter.counts.tokensRefreshed++;
        return withRefreshToken();
      }
      return unsupported(form, refuseCxone);
    });

  const routes: Route[] = [
    { method: 'POST', path: '/oauth/token', handle: clientCredentials('genesys', refuseGenesys) },
    { method: 'POST', path: '/auth/token', handle: accessKeys },
  ];
  if (settings.tutorialForms) {
    routes.push({ method: 'POST', path: '/oauth2/token', handle: clientCredentials('both', refuseCxone) });
  }
  return routes;
}

/** Checks content type, encoding and client before a grant. */
function checked(
  { settings, counter }: World,
  request: SimRequest,
  refuse: Refuse,
  grant: (form: URLSearchParams) => Reply,
): Reply {
  const check = (): Reply => {
    const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
    if (type !== 'application/x-www-form-urlencoded') {
      return refuse(400, 'invalid_request', 'The body must be application/x-www-form-urlencoded');
    }
    // Access keys end with "====". Some servers accept them unencoded, but clients must not rely on that.
    if (request.body.split('&').some((pair) => pair.split('=').length > 2)) {
      return refuse(400, 'invalid_request', 'Encode "=" in a value as %3D');
    }
    const form = new URLSearchParams(request.body);
    const credentials = readCredentials(request, form);
    if (!isKnownClient(credentials, settings)) {
      const headers = credentials.method === 'body' ? {} : { 'www-authenticate': 'Basic realm="simulator"' };
      return refuse(401, 'invalid_client', 'client not found or wrong secret', headers);
    }
    return grant(form);
  };
  const reply = check();
  if (reply.status >= 400) counter.counts.tokenRefusals++;
  return reply;
}

function unsupported(form: URLSearchParams, refuse: Refuse): Reply {
  return form.get('grant_type') === null
    ? refuse(400, 'invalid_request', 'grant_type is missing')
    : refuse(400, 'unsupported_grant_type', `grant_type ${form.get('grant_type')} is not supported here`);
}
