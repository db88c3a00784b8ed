import { entryPoints } from './.ci/entry-points.mjs';

/** @type {import('knip').KnipConfig} */
export default {
  entry: [
    ...entryPoints().map(({ source }) => source),
    'test/bench/client.ts',
    'test/bench/server.ts',
    'test/support/exit-script.ts',
    'test/support/refresh-token-script.ts',
    'test/support/reporter-script.ts',
    'test/support/two-versions-script.ts',
    'test/systems/jest/entries.js',
  ],
  project: ['src/**/*.ts', 'test/**/*.ts', 'docs/**/*.ts', '.ci/*.mjs'],
  ignoreBinaries: [
    'axios-oauth-refresh',
    'mount',
    'umount',
    'unshare',
    'redis-server',
    'script',
    'sqlite3',
    'glewlwyd',
  ],
  // Loaded by name in the table of loggers, and by version 0.1.0 in a test.
  ignoreDependencies: ['bunyan', 'lodash', 'pino', 'winston', 'write-file-atomic'],
};
