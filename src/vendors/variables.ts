import type { Vendor } from '../core/index.ts';
import { type GenesysCloudOptions, genesysCloud } from './genesys-cloud.ts';
import { type NiceCxoneOptions, niceCxone } from './nice-cxone.ts';

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

/** A vendor that environment variables can describe. */
export interface DescribedVendor {
  readonly label: string;
  /** The default rate of the command, such as `300/min`; `none` if the vendor states no limit. */
  readonly rate: string;
  /** In words, for messages. */
  readonly required: readonly string[];
  readonly optional: string;
  readonly prefix: string;
  readonly names: readonly string[];
  /** Returns whether the variables select this vendor. */
  isSelected(environment: Environment): boolean;
  problems(environment: Environment): (string | false)[];
  create(environment: Environment): Vendor;
}

type Values<Option extends string> = Record<Option, string | undefined>;

interface Description<Option extends string>
  extends Pick<DescribedVendor, 'label' | 'rate' | 'required' | 'optional'> {
  prefix: string;
  variables: Readonly<Record<Option | 'clientId' | 'clientSecret', string>>;
  /** Any of these options selects the vendor. */
  selectedBy: readonly Option[];
  problem?: (values: Values<Option>) => string | false;
  create: (values: Values<Option> & { clientId: string; clientSecret: string }) => Vendor;
}

function describeVendor<Option extends string>(description: Description<Option>): DescribedVendor {
  const { variables, selectedBy, problem, create, ...rest } = description;
  return {
    ...rest,
    names: Object.values(variables),
    isSelected: (environment) => selectedBy.some((option) => environment[variables[option]]),
    problems(environment) {
      const values = readVariables(environment, variables);
      return [
        !values.clientId && `${variables.clientId} is missing`,
        !values.clientSecret && `${variables.clientSecret} is missing`,
        problem?.(values) ?? false,
      ];
    },
    create(environment) {
      const values = readVariables(environment, variables);
      const { clientId = '', clientSecret = '' } = values;
      return create({ ...values, clientId, clientSecret });
    },
  };
}

const GENESYS = GENESYS_VARIABLES;
const CXONE = CXONE_VARIABLES;

/** Each vendor that `vendorFromEnvironment` and the command know, by its name in `--vendor`. */
export const DESCRIBED_VENDORS = {
  genesys: describeVendor({
    label: 'Genesys Cloud',
    // Genesys Cloud allows one OAuth client 300 requests a minute.
    rate: '300/min',
    prefix: 'GENESYS_',
    variables: GENESYS,
    required: [`${GENESYS.clientId}, ${GENESYS.clientSecret}`, `${GENESYS.region} or ${GENESYS.envUrl}`],
    optional: GENESYS.scope,
    selectedBy: ['clientId', 'clientSecret', 'envUrl', 'region'],
    problem: ({ region, envUrl }) =>
      !region && !envUrl && `${GENESYS.region} or ${GENESYS.envUrl} is missing`,
    create: genesysCloud,
  }),
  cxone: describeVendor({
    label: 'NICE CXone',
    rate: 'none',
    prefix: 'CXONE_',
    variables: CXONE,
    required: [
      `${CXONE.clientId}, ${CXONE.clientSecret}`,
      `either ${CXONE.accessKeyId} with ${CXONE.accessKeySecret} or ${CXONE.envUrl}`,
    ],
    optional: `${CXONE.issuer}, ${CXONE.scope}`,
    selectedBy: ['clientId', 'clientSecret', 'envUrl', 'accessKeyId'],
    create: niceCxone,
  }),
};
