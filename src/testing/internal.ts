export { DEFAULTS as SIMULATOR_DEFAULTS, parseTime } from './options.ts';
