import { ConfigurationError, type Vendor } from '../core/index.ts';
import { nearestName, refuse } from '../core/internal.ts';
import { type Environment, vendorFromEnvironment } from '../vendors/environment.ts';
import { readVariable, readVariables, secretProblems } from '../vendors/internal.ts';
import { oauth2Vendor } from '../vendors/oauth2.ts';
import {
  CLIENT_AUTHENTICATIONS,
  OAUTH_VARIABLES,
  VENDOR_VARIABLES,
  VENDORS,
  type VendorName,
} from './variables.ts';

/**
 * Creates the vendor whose environment variables are set.
 *
 * @param wanted @default the only vendor whose variables are set
 * @throws ConfigurationError that lists the missing variables.
 */
export function chooseVendor(
  environment: Environment,
  wanted?: VendorName,
): { name: VendorName; vendor: Vendor } {
  const candidates = wanted === undefined ? VENDORS : [wanted];
  const found = candidates.filter((name) => Object.keys(variablesOf(environment, name)).length > 0);
  const misspelt = misspeltVariables(environment, candidates);
  refuse('credentials', [
    found.length === 0 &&
      `not found; set ${candidates.map((name) => VENDOR_VARIABLES[name].required.join(', and ')).join('; or ')}, ` +
        'in the environment or in a file named by --env',
    ...(found.length === 0 ? misspelt : []),
    found.length > 1 &&
      `variables of ${found.join(' and ')} are set; choose with --vendor ${found.join(' or --vendor ')}`,
  ]);
  const name = found[0] as VendorName;
  const variables = variablesOf(environment, name);
  try {
    return { name, vendor: name === 'oauth' ? oauthVendor(variables) : vendorFromEnvironment(variables) };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError('environment variables', [...error.problems, ...misspelt]);
  }
}

// More differences are not a misspelling: OAUTH_CALLBACK_URL is not OAUTH_CLIENT_ID.
const MISSPELT = 4;

/** Names variables that are set, that no vendor has, and that are similar to a variable that is not set. Never returns a value. */
function misspeltVariables(environment: Environment, vendors: readonly VendorName[]): string[] {
  const names = vendors.flatMap((vendor) => VENDOR_VARIABLES[vendor].names);
  const missing = names.filter((name) => !readVariable(environment, name));
  return Object.keys(environment).flatMap((name) => {
    const nearest = names.includes(name) ? undefined : nearestName(name, missing, MISSPELT);
    return nearest ? [`rename ${name}, which is not a known variable, to ${nearest}`] : [];
  });
}

function variablesOf(environment: Environment, vendor: VendorName): Environment {
  const set = VENDOR_VARIABLES[vendor].names.filter((name) => readVariable(environment, name));
  return Object.fromEntries(set.map((name) => [name, environment[name]]));
}

function oauthVendor(environment: Environment): Vendor {
  const variables = readVariables(environment, OAUTH_VARIABLES);
  const { tokenEndpoint = '', clientId = '', clientSecret } = variables;
  const { scope, audience, authentication = 'basic' } = variables;
  const clientAuthentication = CLIENT_AUTHENTICATIONS.get(authentication);
  refuse('environment variables', [
    !tokenEndpoint && `${OAUTH_VARIABLES.tokenEndpoint} is missing`,
    !clientId && `${OAUTH_VARIABLES.clientId} is missing`,
    !clientAuthentication &&
      `${OAUTH_VARIABLES.authentication} must be ${[...CLIENT_AUTHENTICATIONS.keys()].join(' or ')}, not ${JSON.stringify(authentication)}`,
    ...secretProblems(environment, OAUTH_VARIABLES),
  ]);
  return oauth2Vendor({
    tokenEndpoint,
    clientId,
    clientSecret,
    scope,
    tokenKey: JSON.stringify([tokenEndpoint, 'client_credentials', clientId, scope, audience]),
    ...(audience !== undefined && { parameters: { audience } }),
    ...(clientSecret !== undefined && { clientAuthentication }),
  });
}
