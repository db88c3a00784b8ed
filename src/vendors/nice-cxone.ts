import {
  type Grant,
  type GrantContext,
  type Refusal,
  type Secret,
  TokenResponseError,
  type Vendor,
} from '../core/index.ts';
import { type OptionTable, prefixed, readOptions, redactUrl, refuse, urlProblem } from '../core/internal.ts';
import {
  type ClientAuthentication,
  clientCredentialsGrant,
  clientSecretBasicUnencoded,
  clientSecretPost,
  type OAuthClient,
  passwordGrant,
  type ReadTokenResponse,
  refreshTokenGrant,
} from '../oauth/index.ts';
import { sendTokenRequest } from '../oauth/internal.ts';
import { tenantOf } from './tenant.ts';

/** Options of {@link niceCxone}: either access keys, or `envUrl` for plain client credentials. */
export interface NiceCxoneOptions {
  clientId: string;
  /** A function is called for every token fetch. */
  clientSecret: Secret;
  /** Together with `accessKeySecret`: selects the password grant at the token endpoint found by OpenID discovery. */
  accessKeyId?: Secret | undefined;
  accessKeySecret?: Secret | undefined;
  /** Base URL of discovery; sovereign and government clouds differ. @default 'https://cxone.niceincontact.com' */
  issuer?: string | undefined;
  /** Without access keys: base URL of the API and of `/oauth2/token`, which gets client credentials. */
  envUrl?: string | undefined;
  /** Sent only if set. @default none */
  scope?: string | undefined;
  /** @default HTTP Basic with access keys; the form (`clientSecretPost`) with `envUrl` */
  clientAuthentication?: ClientAuthentication | undefined;
}

const OPTIONS: OptionTable<NiceCxoneOptions> = {
  clientId: 'any',
  clientSecret: 'any',
  accessKeyId: 'any',
  accessKeySecret: 'any',
  issuer: 'any',
  envUrl: 'any',
  scope: 'string',
  clientAuthentication: 'function',
};

const ISSUER = 'https://cxone.niceincontact.com';

/**
 * Returns the vendor for NICE CXone.
 *
 * With access keys, OpenID discovery finds the token endpoint, the tenant in the token selects the base URL of the API
 * (`cxone-configuration`), and refresh tokens are used. With `envUrl`, client credentials go to `{envUrl}/oauth2/token`.
 *
 * @throws ConfigurationError that lists every invalid option.
 */
export function niceCxone(options: NiceCxoneOptions): Vendor {
  const [own, problems] = readOptions(options, OPTIONS);
  const { clientId, clientSecret, accessKeyId, accessKeySecret, issuer, envUrl, scope } = own;
  refuse('niceCxone', [
    !clientId && 'clientId is missing',
    !clientSecret && 'clientSecret is missing',
    !accessKeyId !== !accessKeySecret && 'accessKeyId and accessKeySecret must be set together',
    (accessKeyId === undefined) === (envUrl === undefined) &&
      'set either accessKeyId and accessKeySecret, or envUrl',
    issuer !== undefined && envUrl !== undefined && 'issuer cannot be combined with envUrl',
    issuer !== undefined && prefixed('issuer', urlProblem(issuer)),
    envUrl !== undefined && prefixed('envUrl', urlProblem(envUrl)),
    ...problems,
  ]);

  const shared = { name: 'NICE CXone', isCurable };
  if (envUrl !== undefined) {
    const base = envUrl.replace(/\/+$/, '');
    const tokenEndpoint = `${base}/oauth2/token`;
    const clientAuthentication = own.clientAuthentication ?? clientSecretPost;
    return {
      ...shared,
      tokenKey: JSON.stringify([tokenEndpoint, 'client_credentials', clientId, scope]),
      grant: clientCredentialsGrant({
        tokenEndpoint,
        clientId,
        clientSecret,
        scope,
        clientAuthentication,
        readTokenResponse,
      }),
      resourceOrigins: [new URL(base).origin],
      apiBaseUrl: base,
    };
  }

  const discovery = createDiscovery((issuer ?? ISSUER).replace(/\/+$/, ''));
  const client = {
    clientId,
    clientSecret,
    clientAuthentication: own.clientAuthentication ?? clientSecretBasicUnencoded,
    readTokenResponse,
  };
  const keys = { username: accessKeyId ?? '', password: accessKeySecret ?? '', scope };
  const discovered =
    (makeGrant: (client: OAuthClient) => Grant): Grant =>
    async (context) => {
      const tokenEndpoint = await discovery.tokenEndpoint(context);
      const token = await makeGrant({ ...client, tokenEndpoint })(context);
      return { ...token, apiBaseUrl: await discovery.apiBaseUrl(context, token.accessToken) };
    };
  return {
    ...shared,
    tokenKey:
      typeof accessKeyId === 'string'
        ? JSON.stringify([issuer ?? ISSUER, 'password', clientId, scope, accessKeyId])
        : undefined,
    grant: discovered((found) => passwordGrant({ ...found, ...keys })),
    refreshGrant: discovered(refreshTokenGrant),
    resourceOrigins: [],
    announcesApi: true,
  };
}

interface Discovery {
  tokenEndpoint(context: GrantContext): Promise<string>;
  apiBaseUrl(context: GrantContext, accessToken: string): Promise<string>;
}

/** Finds URLs by discovery, and caches them as long as the vendor exists. */
function createDiscovery(issuer: string): Discovery {
  const found = new Map<string, string>();

  /** @param checkIssuer whether the document must name the issuer (RFC 8414 section 3.3). */
  async function find(
    context: GrantContext,
    url: string,
    field: string,
    checkIssuer: boolean,
  ): Promise<string> {
    const known = found.get(url);
    if (known !== undefined) return known;
    const { status, body } = await sendTokenRequest(context, { method: 'GET', url });
    const document = Object(body);
    const read = (name: string): unknown => (Object.hasOwn(document, name) ? document[name] : undefined);
    const value = read(field);
    const problem =
      status === 200
        ? (prefixed(field, discoveredUrlProblem(value, issuer)) ??
          (checkIssuer ? issuerProblem(read('issuer'), issuer) : undefined))
        : `status ${status}`;
    if (problem !== undefined) {
      throw new TokenResponseError(
        `${redactUrl(url)} returned no valid ${field} (${problem}). Check the issuer and the tenant`,
        {
          code: 'ERR_TOKEN_RESPONSE',
          status,
        },
      );
    }
    found.set(url, String(value));
    return String(value);
  }

  return {
    tokenEndpoint: (context) =>
      find(context, `${issuer}/.well-known/openid-configuration`, 'token_endpoint', true),
    async apiBaseUrl(context, accessToken) {
      const tenant = tenantOf(accessToken);
      if (tenant === undefined) {
        const message = 'the access token is not a JWT with a tenantId, so the API cannot be found';
        throw new TokenResponseError(message, { code: 'ERR_TOKEN_RESPONSE' });
      }
      const tenantId = encodeURIComponent(tenant);
      return find(
        context,
        `${issuer}/.well-known/cxone-configuration?tenantId=${tenantId}`,
        'api_endpoint',
        false,
      );
    },
  };
}

/** Returns the reason why no credentials or token may be sent to a URL that discovery found. */
function discoveredUrlProblem(url: unknown, issuer: string): string | undefined {
  const problem = urlProblem(url);
  if (problem || new URL(String(url)).protocol === 'https:') return problem;
  // Only an issuer on loopback may name other servers on loopback.
  const isLocal = new URL(issuer).protocol === 'http:';
  return isLocal ? undefined : `${JSON.stringify(redactUrl(url))} is not https`;
}

function issuerProblem(stated: unknown, issuer: string): string | undefined {
  if (typeof stated !== 'string') return 'issuer is missing';
  if (stated.replace(/\/+$/, '') === issuer) return undefined;
  return `issuer ${JSON.stringify(redactUrl(stated))} is not ${JSON.stringify(redactUrl(issuer))}`;
}

// UserHub does not use the field names of RFC 6749.
const readTokenResponse: ReadTokenResponse = (body) => {
  const { access_token, token, refreshToken, tokenExpirationTimeSec } = Object(body);
  if (typeof token !== 'string' || access_token !== undefined) return undefined;
  return { access_token: token, refresh_token: refreshToken, expires_in: tokenExpirationTimeSec };
};

// "Client application '...' not authorized for user"; some responses have this text only in a header.
function isCurable({ body, headers }: Refusal): boolean | undefined {
  const text = `${JSON.stringify(body)} ${headers.icstatusdescription}`;
  return /not authorized for user/i.test(text) ? false : undefined;
}
