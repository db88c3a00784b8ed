export { tenantOf } from './tenant.ts';
export {
  CXONE_VARIABLES,
  DESCRIBED_VENDORS,
  GENESYS_VARIABLES,
  namesOf,
  readVariable,
  readVariables,
  secretProblems,
} from './variables.ts';
