import { CXONE_VARIABLES as CXONE, GENESYS_VARIABLES as GENESYS } from '../vendors/internal.ts';

/** The environment variables for an OAuth 2.0 server of another vendor. */
export const OAUTH_VARIABLES = {
  tokenEndpoint: 'OAUTH_TOKEN_ENDPOINT',
  clientId: 'OAUTH_CLIENT_ID',
  clientSecret: 'OAUTH_CLIENT_SECRET',
  scope: 'OAUTH_SCOPE',
  audience: 'OAUTH_AUDIENCE',
  authentication: 'OAUTH_CLIENT_AUTHENTICATION',
} as const;
const OAUTH = OAUTH_VARIABLES;

/** The environment variables for Redis. */
export const REDIS_VARIABLES = { username: 'REDIS_USERNAME', password: 'REDIS_PASSWORD' } as const;

export const VENDORS = ['genesys', 'cxone', 'oauth'] as const;
export type VendorName = (typeof VENDORS)[number];

/** The environment variables of each vendor: all `names`, and the `required` and `optional` ones in words. */
export const VENDOR_VARIABLES = {
  genesys: {
    label: 'Genesys Cloud',
    names: Object.values(GENESYS),
    required: [`${GENESYS.clientId}, ${GENESYS.clientSecret}`, `${GENESYS.region} or ${GENESYS.envUrl}`],
    optional: GENESYS.scope,
  },
  cxone: {
    label: 'NICE CXone',
    names: Object.values(CXONE),
    required: [
      `${CXONE.clientId}, ${CXONE.clientSecret}`,
      `either ${CXONE.accessKeyId} with ${CXONE.accessKeySecret} or ${CXONE.envUrl}`,
    ],
    optional: `${CXONE.issuer}, ${CXONE.scope}`,
  },
  oauth: {
    label: 'Any other OAuth 2.0 server',
    names: Object.values(OAUTH),
    required: [`${OAUTH.tokenEndpoint}, ${OAUTH.clientId} and ${OAUTH.clientSecret}`],
    optional: `${OAUTH.scope}, ${OAUTH.audience},\n    ${OAUTH.authentication} (basic or post)`,
  },
} as const satisfies Record<VendorName, object>;

const NAMES: readonly string[] = [
  ...Object.values(VENDOR_VARIABLES).flatMap(({ names }) => names),
  ...Object.values(REDIS_VARIABLES),
];

/** Returns whether the program reads a variable. */
export function isKnownVariable(name: string): boolean {
  return NAMES.includes(name);
}
