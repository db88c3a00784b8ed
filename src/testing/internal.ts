export { parseTime } from './iso-time.ts';
export { DEFAULTS as SIMULATOR_DEFAULTS } from './settings.ts';
