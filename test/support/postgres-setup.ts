import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { installPackages, mayInstallPackages, works } from './install-packages.ts';

/** The Postgres that the tests can use, determined once a run. */
export interface FoundPostgres {
  /** The URL of an existing server. The tests create databases of their own there. */
  url: string | undefined;
  /** The directory of `initdb` and `postgres`. */
  bin: string;
  /** The reason why no server can be started. */
  missing: string | undefined;
}

declare module 'vitest' {
  interface ProvidedContext {
    postgres: FoundPostgres;
  }
}

// Debian keeps the programs of each version in a directory that is not in PATH.
const DEBIAN = '/usr/lib/postgresql';
export const HOW =
  'Install it (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql), or set POSTGRES_URL.';

/** Looks for Postgres. Installs the Debian package if Postgres is missing and this user is root. */
export default function setup(project: TestProject): void {
  const url = process.env.POSTGRES_URL || undefined;
  const found = findBin() ?? (url === undefined ? install() : undefined);
  const missing = found === undefined ? `Postgres was not found. ${HOW}` : undefined;
  project.provide('postgres', { url, bin: found ?? '', missing });
}

/** Returns the directory of the programs of the newest version; an empty text means PATH. */
export function findBin(): string | undefined {
  const versions = list(DEBIAN).sort((one, other) => Number(other) - Number(one));
  const directories = [...versions.map((version) => join(DEBIAN, version, 'bin')), ''];
  return directories.find((bin) =>
    ['initdb', 'postgres'].every((program) => works(join(bin, program), '--version')),
  );
}

function install(): string | undefined {
  if (!mayInstallPackages()) return undefined;
  console.log('Postgres was not found. Installing the package.');
  installPackages('postgresql');
  return findBin();
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
