export { waitFor } from './caller-wait.ts';
export type { Pause, SendPauses, Slots } from './pause.ts';
export { storeKey } from './store-key.ts';
export { createCheckedManager } from './token-manager.ts';
export { MANAGER_OPTIONS, managerProblems } from './token-manager-options.ts';
