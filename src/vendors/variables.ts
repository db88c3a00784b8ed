import type { Secret, Vendor } from '../core/index.ts';
import { type GenesysCloudOptions, genesysCloud } from './genesys-cloud.ts';
import { type NiceCxoneOptions, niceCxone } from './nice-cxone.ts';
import { secretFile } from './secret-file.ts';

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

/** The environment variable of each option. */
type Variables = Readonly<Record<string, string>>;

type SecretName = `${string}_${'SECRET' | 'PASSWORD'}`;

/** The value of each option. Only a secret can be a function, which reads a file. */
type Values<Names extends Variables> = {
  [Option in keyof Names]: (Names[Option] extends SecretName ? Secret : string) | undefined;
};

/** Returns the variable that names a file with the secret of another variable, as is usual in Docker and Kubernetes. */
function fileVariable(name: string): string | undefined {
  return /_(SECRET|PASSWORD)$/.test(name) ? `${name}_FILE` : undefined;
}

/** Returns the value of a variable. An empty variable counts as absent. */
export function readVariable(environment: Environment, name = ''): string | undefined {
  return (Object.hasOwn(environment, name) && environment[name]) || undefined;
}

/** Reads the value of each option. */
export function readVariables<Names extends Variables>(
  environment: Environment,
  variables: Names,
): Values<Names> {
  const read = (name: string): Secret | undefined => {
    const path = readVariable(environment, fileVariable(name));
    return readVariable(environment, name) ?? (path && secretFile(path, fileVariable(name)));
  };
  const entries = Object.entries(variables).map(([option, name]) => [option, read(name)]);
  return Object.fromEntries(entries) as Values<Names>;
}

/** Lists the secrets that are set both directly and as a file. */
export function secretProblems(environment: Environment, variables: Variables): (string | false)[] {
  return Object.values(variables).map((name) => {
    const both = [name, fileVariable(name)];
    return (
      both.every((one) => readVariable(environment, one)) && `${both.join(' and ')} are both set: remove one`
    );
  });
}

/** Returns the names of all variables, including the variables that name files. */
export function namesOf(variables: Variables): string[] {
  return Object.values(variables).flatMap((name) => [name, fileVariable(name) ?? []].flat());
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

type Client = { clientId: string; clientSecret: Secret };

interface Description<Names extends Variables>
  extends Pick<DescribedVendor, 'label' | 'rate' | 'required' | 'optional'> {
  prefix: string;
  variables: Names;
  /** Any of these options selects the vendor. */
  selectedBy: readonly (keyof Names)[];
  problem?: (values: Values<Names>) => string | false;
  create: (values: Values<Names> & Client) => Vendor;
}

function describeVendor<Names extends Record<keyof Client, string> & Variables>(
  description: Description<Names>,
): DescribedVendor {
  const { variables, selectedBy, problem, create, ...rest } = description;
  return {
    ...rest,
    names: namesOf(variables),
    isSelected(environment) {
      const values = readVariables(environment, variables);
      return selectedBy.some((option) => values[option]);
    },
    problems(environment) {
      const values = readVariables(environment, variables);
      return [
        !values.clientId && `${variables.clientId} is missing`,
        !values.clientSecret && `${variables.clientSecret} is missing`,
        problem?.(values) ?? false,
        ...secretProblems(environment, variables),
      ];
    },
    create(environment) {
      const values = readVariables(environment, variables);
      const { clientId = '', clientSecret = '' } = values as Partial<Client>;
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
