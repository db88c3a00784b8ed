import type { Clock } from '../../core/index.ts';
import { fileError } from './error.ts';
import { openOrCreate, readStart } from './own-file.ts';

const DIGITS = `${Number.MAX_SAFE_INTEGER}`.length;

/** Returns whether a value can be a fence that has a successor. */
export function isFence(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) < Number.MAX_SAFE_INTEGER;
}

/**
 * Returns a fence that is greater than all earlier fences, even if the clock was set back or the file is lost. The caller must hold
 * the lock.
 *
 * @param path the file that stores the last fence. The lock file cannot store the fence, because the lock file may be removed.
 * @param storedFence the fence of the stored token.
 */
export async function nextFence(path: string, storedFence: number, clock: Clock): Promise<number> {
  const file = await openOrCreate(path);
  try {
    const last = Number(await readStart(file, DIGITS));
    const now = Math.floor(clock.now() * 1_000);
    const fence = Math.max(now, (isFence(last) ? last : 0) + 1, storedFence + 1);
    // With a fixed number of digits, the write replaces all of the previous fence.
    await file.write(String(fence).padStart(DIGITS, '0'), 0);
    return fence;
  } catch (error) {
    throw fileError(path, error);
  } finally {
    await file.close();
  }
}
