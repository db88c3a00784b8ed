import { messageOf } from '../../core/internal.ts';
import { loadPeer } from '../../core/node/index.ts';
import { storeError } from './error.ts';
import { kernelLock } from './kernel-lock.ts';
import { lease } from './lease.ts';
import type { AcquireStoreLock } from './store-lock.ts';

/**
 * Returns the chosen kind of lock. Without a choice, returns the kernel lock, or a lease with a warning if this process cannot use the kernel
 * lock.
 *
 * @throws TokenStoreError if the kernel lock was chosen and this process cannot use it.
 */
export async function chooseLock(choice: 'kernel' | 'lease' | undefined): Promise<AcquireStoreLock> {
  if (choice === 'lease') return lease;
  try {
    return await loadKernelLock();
  } catch (error) {
    const problem = messageOf(error);
    if (choice === 'kernel') throw storeError(`${problem}, or remove the option lock.`);
    process.emitWarning(
      `${problem}. Until then the file store uses a lease, which is as safe, but detects a suspended process later. To keep the lease ` +
        "without this warning, set lock: 'lease'. All processes that share a directory must use the same kind of lock.",
      { code: 'AXIOS_OAUTH_REFRESH_LEASE' },
    );
    return lease;
  }
}

async function loadKernelLock(): Promise<AcquireStoreLock> {
  const { bun, deno } = process.versions as { bun?: string; deno?: string };
  if (bun || deno) {
    // Loading the package would end the process.
    throw new Error(
      `fs-native-extensions, which the kernel lock of the file store needs, does not support ${bun ? 'Bun' : 'Deno'}. Use Node.js`,
    );
  }
  const peer = { name: 'fs-native-extensions', neededBy: 'the kernel lock of the file store' };
  const native = await loadPeer(peer, () => import('fs-native-extensions')).catch((error: unknown) => {
    throw new Error(`${messageOf(error)} (the package has no binary for musl, as in Alpine images)`);
  });
  return kernelLock(native);
}
