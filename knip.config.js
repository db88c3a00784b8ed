import { entryPoints } from './scripts/entry-points.mjs';

/** @type {import('knip').KnipConfig} */
export default {
  entry: [
    ...entryPoints().map(({ source }) => source),
    'test/bench/client.ts',
    'test/bench/server.ts',
    'test/support/exit-script.ts',
  ],
  project: ['src/**/*.ts', 'test/**/*.ts', 'docs/**/*.ts', 'scripts/*.mjs'],
  ignoreBinaries: ['axios-oauth-refresh', 'redis-server', 'script'],
};
