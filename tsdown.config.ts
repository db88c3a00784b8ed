import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/vendors/genesys-cloud.ts',
    'src/vendors/nice-cxone.ts',
    'src/vendors/environment.ts',
    'src/testing/index.ts',
  ],
  root: 'src',
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'neutral',
  dts: true,
  clean: true,
  // Of the simulator alone; a test holds the other entries to importing nothing of Node.
  deps: { neverBundle: [/^node:/] },
  // Else the helper that loads CommonJS packages would be an export of the entry that uses it.
  outputOptions: { codeSplitting: { groups: [{ name: 'runtime', test: /rolldown.runtime/ }] } },
});
