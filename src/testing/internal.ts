export { DEFAULTS as SIMULATOR_DEFAULTS } from './options.ts';
