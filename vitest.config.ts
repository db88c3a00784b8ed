import { defineConfig } from 'vitest/config';
import type { Reporter } from 'vitest/node';

/** Ends with one plain line that any build system can read. */
const closingCounts: Reporter = {
  onTestRunEnd(modules) {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== 'pending') counts[state]++;
      }
    }
    console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  },
};

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/redis-setup.ts'],
    testTimeout: 10_000,
    pool: 'forks',
    reporters: ['default', closingCounts],
  },
});
