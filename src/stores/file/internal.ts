export { defaultDirectory } from './directory.ts';
