import { spawnSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';

/** The Redis that the tests can use, determined once a run. */
export interface FoundRedis {
  /** The URL of an existing server, which the tests must leave unchanged. */
  url: string | undefined;
  /** The reason why no server can be started. */
  missing: string | undefined;
}

declare module 'vitest' {
  interface ProvidedContext {
    redis: FoundRedis;
  }
}

export const HOW = 'Install it (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis)';

/** Looks for redis-server. Installs the Debian package if redis-server is missing and this user is root. */
export default function setup(project: TestProject): void {
  project.provide('redis', { url: process.env.REDIS_URL || undefined, missing: whyMissing() });
}

function whyMissing(): string | undefined {
  if (works('redis-server', '--version')) return undefined;
  const mayInstall = process.getuid?.() === 0 && works('apt-get', '--version');
  if (!mayInstall) return `redis-server was not found. ${HOW}, or set REDIS_URL.`;
  console.log('redis-server was not found. Installing the package.');
  const install = () => works('apt-get', 'install', '-y', '--no-install-recommends', 'redis-server');
  if (!install() && works('apt-get', 'update')) install();
  if (works('redis-server', '--version')) return undefined;
  return `redis-server was not found, and its package could not be installed. ${HOW}, or set REDIS_URL.`;
}

export function works(command: string, ...args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(command, args, { stdio: 'ignore', env, timeout: 300_000 }).status === 0;
}
