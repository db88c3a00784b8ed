export { DEFAULTS as WORKER_DEFAULTS } from './worker-options.ts';
export { reasonOf } from './worker-pause.ts';
