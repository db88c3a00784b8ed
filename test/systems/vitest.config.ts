import { defineConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

/** Tests with servers and runtimes that a contributor need not have. They install what is missing. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/systems/**/*.test.ts'], exclude: [] },
});
