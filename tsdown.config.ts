import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'genesys-cloud': 'src/vendors/genesys-cloud.ts',
    'nice-cxone': 'src/vendors/nice-cxone.ts',
    testing: 'src/testing/index.ts',
  },
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'neutral',
  dts: true,
  clean: true,
  deps: { neverBundle: [/^[^./]/, /^node:/] },
});
