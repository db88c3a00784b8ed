export { managerProblems } from './token-manager-options.ts';
