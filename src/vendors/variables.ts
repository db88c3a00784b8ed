import type { GenesysCloudOptions } from './genesys-cloud.ts';
import type { NiceCxoneOptions } from './nice-cxone.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment variable of each option of `genesysCloud`. */
export const GENESYS_VARIABLES = {
  clientId: 'GENESYS_CLIENT_ID',
  clientSecret: 'GENESYS_CLIENT_SECRET',
  region: 'GENESYS_REGION',
  envUrl: 'GENESYS_ENV_URL',
  scope: 'GENESYS_SCOPE',
} as const satisfies Partial<Record<keyof GenesysCloudOptions, string>>;

/** The environment variable of each option of `niceCxone`. */
export const CXONE_VARIABLES = {
  clientId: 'CXONE_CLIENT_ID',
  clientSecret: 'CXONE_CLIENT_SECRET',
  accessKeyId: 'CXONE_ACCESS_KEY_ID',
  accessKeySecret: 'CXONE_ACCESS_KEY_SECRET',
  envUrl: 'CXONE_ENV_URL',
  issuer: 'CXONE_ISSUER',
  scope: 'CXONE_SCOPE',
} as const satisfies Partial<Record<keyof NiceCxoneOptions, string>>;

/** Reads the value of each option. Treats an empty variable as absent. */
export function readVariables<Option extends string>(
  environment: Environment,
  variables: Readonly<Record<Option, string>>,
): Record<Option, string | undefined> {
  const options = Object.keys(variables) as Option[];
  const entries = options.map((option) => [option, environment[variables[option]] || undefined]);
  return Object.fromEntries(entries) as Record<Option, string | undefined>;
}
