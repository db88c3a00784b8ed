export { CXONE_VARIABLES, GENESYS_VARIABLES, readVariables } from './variables.ts';
