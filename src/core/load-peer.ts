import { messageOf } from './errors.ts';

/** An optional peer dependency. */
interface Peer {
  readonly name: string;
  /** What needs the package, for messages. */
  readonly neededBy: string;
  /** The arguments of `npm install`. @default the name */
  readonly install?: string;
}

/** An optional peer dependency cannot be used. The message says which package, why, and what to install. */
export class PeerError extends Error {
  override readonly name = 'PeerError';
  /** Whether the package is absent. Otherwise the package is installed and failed to load. */
  readonly isMissing: boolean;

  constructor({ name, neededBy, install = name }: Peer, cause: unknown) {
    // Further lines list where Node looked for the package.
    const [reason = ''] = messageOf(cause).split('\n');
    // The error code is the same when a dependency of the package is missing, and the name is not.
    const isMissing = /^Cannot find (?:package|module) '([^']+)'/.exec(reason)?.[1] === name;
    const problem = isMissing ? 'is not installed. Install' : `failed to load (${reason}). Reinstall`;
    super(`${name}, which ${neededBy} needs, ${problem} it: npm install ${install}`);
    this.isMissing = isMissing;
  }
}

/** Loads an optional peer dependency. @throws PeerError */
export async function loadPeer<Module>(peer: Peer, importer: () => Promise<Module>): Promise<Module> {
  try {
    return await importer();
  } catch (error) {
    throw new PeerError(peer, error);
  }
}
