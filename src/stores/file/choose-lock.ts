import { messageOf } from '../../core/internal.ts';
import { storeError } from './error.ts';
import type { TakeLock } from './file-lock.ts';
import { kernelLock } from './kernel-lock.ts';
import { lease } from './lease.ts';

const INSTALL = 'npm install fs-native-extensions';

/**
 * Gives the lock that was chosen, and in place of the kernel's a lease where there is none, with a warning.
 *
 * @param choice undefined for the best there is.
 * @throws TokenStoreError when the kernel's was chosen and cannot be had.
 */
export async function chooseLock(choice: 'kernel' | 'lease' | undefined): Promise<TakeLock> {
  if (choice === 'lease') return lease;
  try {
    return kernelLock(await import('fs-native-extensions'));
  } catch (error) {
    // The first line: the rest lists where it was looked for.
    const [why = ''] = messageOf(error).split('\n');
    const problem = `fs-native-extensions cannot be loaded, of which the file store has its lock (${why})`;
    if (choice === 'kernel')
      throw storeError(`${problem}. Install it (${INSTALL}), or leave the option lock away.`);
    process.emitWarning(
      `${problem}. Until then it uses a lease, which is safe and slower to notice a process that is stopped. ` +
        `Install it (${INSTALL}; it has no binary for musl, as in Alpine images), or say lock: 'lease' to have ` +
        'no warning. All processes that share a directory need the same lock.',
      { code: 'AXIOS_OAUTH_REFRESH_LEASE' },
    );
    return lease;
  }
}
