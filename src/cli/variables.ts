import {
  type ClientAuthentication,
  clientSecretBasic,
  clientSecretBasicUnencoded,
  clientSecretPost,
} from '../oauth/index.ts';
import { DESCRIBED_VENDORS, namesOf } from '../vendors/internal.ts';

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

/** The values of `OAUTH_CLIENT_AUTHENTICATION`. */
export const CLIENT_AUTHENTICATIONS: ReadonlyMap<string, ClientAuthentication> = new Map([
  ['basic', clientSecretBasic],
  ['post', clientSecretPost],
  ['basic-unencoded', clientSecretBasicUnencoded],
]);

/** The environment variables for Redis. */
export const REDIS_VARIABLES = {
  username: 'REDIS_USERNAME',
  password: 'REDIS_PASSWORD',
  sentinelPassword: 'REDIS_SENTINEL_PASSWORD',
} as const;

/** The environment variables of libpq that the command reads, also from the file of `--env`. */
export const POSTGRES_VARIABLES = [
  'PGHOST',
  'PGPORT',
  'PGUSER',
  'PGPASSWORD',
  'PGDATABASE',
  'PGSSLMODE',
] as const;

/** The environment variables of each vendor: all `names`, and the `required` and `optional` ones in words. `rate` is the default. */
export const VENDOR_VARIABLES = {
  ...DESCRIBED_VENDORS,
  oauth: {
    label: 'Any other OAuth 2.0 server',
    rate: 'none',
    names: namesOf(OAUTH),
    required: [`${OAUTH.tokenEndpoint}, ${OAUTH.clientId} and ${OAUTH.clientSecret}`],
    optional: `${OAUTH.scope}, ${OAUTH.audience},\n    ${OAUTH.authentication} (${[...CLIENT_AUTHENTICATIONS.keys()].join(', ')})`,
  },
};

/** The default rates, for commands of several vendors. */
export const VENDOR_RATES = `${VENDOR_VARIABLES.genesys.rate} for ${VENDOR_VARIABLES.genesys.label}, otherwise none`;

export type VendorName = keyof typeof VENDOR_VARIABLES;
export const VENDORS = Object.keys(VENDOR_VARIABLES) as readonly VendorName[];

const NAMES: readonly string[] = [
  ...Object.values(VENDOR_VARIABLES).flatMap(({ names }) => names),
  ...namesOf(REDIS_VARIABLES),
  ...POSTGRES_VARIABLES,
];

/** Returns whether the program reads a variable. */
export function isKnownVariable(name: string): boolean {
  return NAMES.includes(name);
}
