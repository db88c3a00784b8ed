export { createCheckedManager } from './token-manager.ts';
export { MANAGER_OPTIONS, managerProblems } from './token-manager-options.ts';
