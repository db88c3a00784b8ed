import { spawnSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';

/** What the tests have of Redis, found out once a run. */
export interface FoundRedis {
  /** Somebody else's server, to be left as it was. */
  url: string | undefined;
  /** Why no server can be started. */
  missing: string | undefined;
}

declare module 'vitest' {
  interface ProvidedContext {
    redis: FoundRedis;
  }
}

export const HOW = 'Install it (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis)';

/** Looks for redis-server, and installs Debian's package where it may. */
export default function setup(project: TestProject): void {
  project.provide('redis', { url: process.env.REDIS_URL || undefined, missing: whyMissing() });
}

function whyMissing(): string | undefined {
  if (works('redis-server', '--version')) return undefined;
  const mayInstall = process.getuid?.() === 0 && works('apt-get', '--version');
  if (!mayInstall) return `there is no redis-server. ${HOW}, or set REDIS_URL.`;
  console.log('There is no redis-server: installing the package.');
  const install = () => works('apt-get', 'install', '-y', '--no-install-recommends', 'redis-server');
  if (!install() && works('apt-get', 'update')) install();
  if (works('redis-server', '--version')) return undefined;
  return `there is no redis-server, and its package could not be installed. ${HOW}, or set REDIS_URL.`;
}

export function works(command: string, ...args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(command, args, { stdio: 'ignore', env, timeout: 300_000 }).status === 0;
}
