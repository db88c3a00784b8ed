export { waitFor } from './caller-wait.ts';
export type { Pause } from './pause.ts';
export { managerProblems } from './token-manager-options.ts';
