import { defineConfig } from 'vitest/config';
import type { Reporter } from 'vitest/node';

/** Ends with one plain line that any build system can read. */
export const closingCounts: Reporter = {
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
    // They install servers: `npm run test:systems`.
    exclude: ['test/systems/**'],
    // In this order: apt-get cannot use a TMPDIR that only this user can read.
    globalSetup: [
      'test/support/redis-setup.ts',
      'test/support/postgres-setup.ts',
      'test/support/run-directory.ts',
    ],
    // The only time limits of the tests. They end tests that hang; a slow machine must not reach them.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 10 } },
    pool: 'forks',
    // Many tests wait for processes and servers, so two workers on two processors are worth it. vitest leaves one processor free otherwise.
    maxWorkers: '100%',
    // Tests cause these warnings on purpose, and check them.
    execArgv: ['--disable-warning=AuthRefreshWarning'],
    // Its notices concern servers in production.
    onConsoleLog: (log) => !log.includes('oidc-provider '),
    reporters: ['default', closingCounts],
  },
});
