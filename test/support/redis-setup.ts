import type { TestProject } from 'vitest/node';
import { installPackages, mayInstallPackages, works } from './install-packages.ts';

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
  if (!mayInstallPackages()) return `redis-server was not found. ${HOW}, or set REDIS_URL.`;
  console.log('redis-server was not found. Installing the package.');
  installPackages('redis-server');
  if (works('redis-server', '--version')) return undefined;
  return `redis-server was not found, and its package could not be installed. ${HOW}, or set REDIS_URL.`;
}
