import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rate, RateLimiter } from '../batch/index.ts';
import type { SharedTokenStore, Vendor } from '../core/index.ts';
import { messageOf, refuse } from '../core/internal.ts';
import { describeFileError } from '../core/node/index.ts';
import { fileRate, fileStore } from '../stores/file/index.ts';
import { defaultDirectory } from '../stores/file/internal.ts';
import { storeKey } from '../token/internal.ts';
import type { ShareFlags } from './flags/run-flags.ts';
import type { Io } from './io.ts';

/** Returns the problem if nothing can be written into a directory, for example because its file system is read-only. */
function checkWritable(directory: string): Promise<string | undefined> {
  return access(directory, constants.W_OK).then(
    () => undefined,
    (error: unknown) => describeFileError(directory, error),
  );
}

/** What the commands of one user on one host share with `--share`. */
export interface Sharing {
  readonly store: SharedTokenStore;
  /** Returns the limiter of all commands together. */
  rate(rate: Rate): RateLimiter;
}

/**
 * Opens the directory through which commands share the token and the rate of an OAuth client.
 *
 * @returns undefined without `--share`.
 * @throws ConfigurationError if the directory cannot be used.
 */
export async function openSharing(
  { env }: Io,
  { share, shareDirectory }: ShareFlags,
  vendor: Vendor,
): Promise<Sharing | undefined> {
  refuse('--share-directory', [shareDirectory !== undefined && !share && 'requires --share']);
  if (!share) return undefined;
  // A directory of its own, because the store of an application may use the other kind of lock. All commands use the lease: with the kernel
  // lock, commands that are installed with and without fs-native-extensions would not exclude each other.
  const directory = shareDirectory ?? join(defaultDirectory(env), 'shared');
  const location = { directory, lock: 'lease' } as const;
  const store = fileStore(location);
  const key = await storeKey(vendor);
  // Otherwise an unusable directory would cost the sharing, and the command would continue with a token of its own.
  const problem = await store
    .get(key)
    .then(() => checkWritable(directory))
    .catch(messageOf);
  refuse('--share', [problem?.replace(/\.$/, '')]);
  return { store, rate: (rate) => fileRate({ ...location, key, ...rate }) };
}
