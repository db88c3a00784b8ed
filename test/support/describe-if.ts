import { describe, it } from 'vitest';

/**
 * Describes tests that need a server. Without the server, skips the tests, but fails in CI, where skipped tests would go unnoticed.
 *
 * @param missing the reason why there is no server. @param server such as `a Redis`.
 */
export function describeIf(
  isAvailable: boolean,
  { server, missing }: { server: string; missing: string | undefined },
  name: string,
  tests: () => void,
): void {
  const fail = () => {
    throw new Error(missing);
  };
  if (isAvailable) describe(name, tests);
  else if (process.env.CI === 'true') describe(name, () => it(`requires ${server}`, fail));
  else describe.skip(`${name} (skipped: ${missing})`, tests);
}
