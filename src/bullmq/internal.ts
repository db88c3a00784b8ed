export { DEFAULTS as WORKER_DEFAULTS } from './worker-options.ts';
