export {
  CXONE_VARIABLES,
  DESCRIBED_VENDORS,
  GENESYS_VARIABLES,
  readVariables,
} from './variables.ts';
