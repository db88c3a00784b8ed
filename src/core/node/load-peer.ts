import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { warnOnce } from '../warn.ts';

/** An optional peer dependency. */
interface Peer {
  readonly name: string;
  /** What needs the package, for messages. */
  readonly neededBy: string;
  /** The arguments of `npm install`. @default the name */
  readonly install?: string;
}

/** The oldest version that works, and the newest major version that was tested. */
interface Range {
  readonly oldest: string;
  readonly newestMajor: number;
}

/**
 * The supported versions of each optional peer. package.json accepts every version, because npm would otherwise refuse to install this
 * package beside a version that the application needs for another purpose.
 */
const SUPPORTED: Readonly<Record<string, Range>> = {
  // With older versions a worker may not close while Redis is unreachable.
  bullmq: { oldest: '5.45.0', newestMajor: 6 },
  'fs-native-extensions': { oldest: '1.1.0', newestMajor: 1 },
  // The first version with the export `Redis`.
  ioredis: { oldest: '5.3.0', newestMajor: 6 },
  // Older versions do not support Node 20.
  pg: { oldest: '8.11.0', newestMajor: 8 },
  // The first version that accepts `reconnectStrategy: false` and has `unref`.
  redis: { oldest: '4.5.0', newestMajor: 6 },
};

/** An optional peer dependency cannot be used. The message says which package, why, and what to install. */
export class PeerError extends Error {
  override readonly name = 'PeerError';

  constructor(
    message: string,
    /** `broken`: the package is installed and failed to load. */
    readonly reason: 'missing' | 'too-old' | 'broken',
  ) {
    super(message);
  }
}

/**
 * Loads an optional peer dependency. Warns once if the version of the package is newer than the tested versions.
 *
 * @param from the file URL from which the package is found.
 * @throws PeerError
 */
export async function loadPeer<Module>(
  peer: Peer,
  importer: () => Promise<Module>,
  from = import.meta.url,
): Promise<Module> {
  // Before the import, because an old version may fail to load for a reason that does not name the version.
  checkVersion(peer, from);
  try {
    return await importer();
  } catch (error) {
    throw loadError(peer, error);
  }
}

function loadError({ name, neededBy, install = name }: Peer, cause: unknown): PeerError {
  // Further lines list where Node looked for the package.
  const [reason = ''] = messageOf(cause).split('\n');
  // The error code is the same when a dependency of the package is missing, and the name is not.
  const isMissing = /^Cannot find (?:package|module) '([^']+)'/.exec(reason)?.[1] === name;
  const problem = isMissing ? 'is not installed. Install' : `failed to load (${reason}). Reinstall`;
  const message = `${name}, which ${neededBy} needs, ${problem} it: npm install ${install}`;
  return new PeerError(message, isMissing ? 'missing' : 'broken');
}

function checkVersion({ name, neededBy, install = name }: Peer, from: string): void {
  const range = SUPPORTED[name];
  const version = range && versionOf(name, from);
  if (!version) return;
  const { oldest, newestMajor } = range;
  if (rank(version) < rank(oldest)) {
    const message = `${name} ${version} is too old: ${neededBy} needs ${oldest} or later. Update it: npm install ${install}`;
    throw new PeerError(message, 'too-old');
  }
  if (Number.parseInt(version, 10) > newestMajor) {
    warnOnce(
      `${name} ${version} is untested: axios-oauth-refresh supports ${name} ${oldest} to ${newestMajor}.x. If ${neededBy} fails, ` +
        `install ${name}@${newestMajor}.`,
    );
  }
}

/** Returns undefined if the version cannot be determined, for example in a bundle. */
function versionOf(name: string, from: string): string | undefined {
  try {
    // The path of the file instead of `name/package.json`, because a package need not export it.
    for (const folder of createRequire(from).resolve.paths(name) ?? []) {
      const path = join(folder, name, 'package.json');
      if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')).version;
    }
  } catch {
    // A bundle has no file URL.
  }
  return undefined;
}

/** Returns a number that orders versions. */
function rank(version: string): number {
  return version.split('.', 3).reduce((sum, part) => sum * 10_000 + Number.parseInt(part, 10), 0);
}
