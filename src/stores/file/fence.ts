import type { Clock } from '../../core/index.ts';
import { fileError } from './error.ts';
import { openOrMake, readStart } from './own-file.ts';

const MOST = 16;

/** Whether a value can be a fence, and be followed by another. */
export function isFence(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) < Number.MAX_SAFE_INTEGER;
}

/**
 * Gives a fence that is greater than those given before, also when the clock was set back or the file is lost. Only
 * who holds the lock asks for one.
 *
 * @param path of the file that keeps the last one. It is of its own, as a lock's file may be removed.
 * @param kept the fence of the token that is kept.
 */
export async function nextFence(path: string, kept: number, clock: Clock): Promise<number> {
  const file = await openOrMake(path);
  try {
    const last = Number(await readStart(file, MOST));
    const now = Math.floor(clock.now() * 1_000);
    const fence = Math.max(now, (isFence(last) ? last : 0) + 1, kept + 1);
    // As many digits as the greatest has: nothing of an earlier one stays behind it.
    await file.write(String(fence).padStart(MOST, '0'), 0);
    return fence;
  } catch (error) {
    throw fileError(path, error);
  } finally {
    await file.close();
  }
}
