import { DESCRIBED_VENDORS } from '../vendors/internal.ts';

/** The environment variable of each option of any other OAuth 2.0 server. */
export const OAUTH_VARIABLES = {
  tokenEndpoint: 'OAUTH_TOKEN_ENDPOINT',
  clientId: 'OAUTH_CLIENT_ID',
  clientSecret: 'OAUTH_CLIENT_SECRET',
  scope: 'OAUTH_SCOPE',
  audience: 'OAUTH_AUDIENCE',
  authentication: 'OAUTH_CLIENT_AUTHENTICATION',
} as const;
const OAUTH = OAUTH_VARIABLES;

/** The environment variables of the Redis of a queue. */
export const REDIS_VARIABLES = { username: 'REDIS_USERNAME', password: 'REDIS_PASSWORD' } as const;

/** Of each vendor: `names` of all variables, and in words which are `required` and `optional`. `rate` is the default. */
export const VENDOR_VARIABLES = {
  ...DESCRIBED_VENDORS,
  oauth: {
    label: 'any other',
    rate: 'none',
    names: Object.values(OAUTH),
    required: `${OAUTH.tokenEndpoint}, ${OAUTH.clientId} and ${OAUTH.clientSecret}`,
    optional: `${OAUTH.scope}, ${OAUTH.audience}, ${OAUTH.authentication} (basic or post)`,
  },
};

export type VendorName = keyof typeof VENDOR_VARIABLES;
export const VENDORS = Object.keys(VENDOR_VARIABLES) as readonly VendorName[];

const NAMES: readonly string[] = [
  ...Object.values(VENDOR_VARIABLES).flatMap(({ names }) => names),
  ...Object.values(REDIS_VARIABLES),
];

/** Returns whether the command reads a variable. */
export function isKnownVariable(name: string): boolean {
  return NAMES.includes(name);
}

/** For `--help`. */
export const VARIABLES_HELP = Object.values(VENDOR_VARIABLES)
  .map(
    ({ label, required, optional }) =>
      `  ${label.padEnd(13)}  ${required}\n${' '.repeat(17)}optional: ${optional}`,
  )
  .join('\n');
