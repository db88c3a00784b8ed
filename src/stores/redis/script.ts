import { createHash } from 'node:crypto';
import { messageOf, RESERVE_SLOT } from '../../core/internal.ts';
import type { Driver } from './driver.ts';
import { ACQUIRE_LOCK } from './lua/acquire-lock.ts';
import { RELEASE_LOCK } from './lua/release-lock.ts';
import { RENEW_LOCK } from './lua/renew-lock.ts';
import { SET_TOKEN } from './lua/set-token.ts';

/** A script that Redis runs atomically. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

const script = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') });

export const tryLock = script(ACQUIRE_LOCK);
export const renewLock = script(RENEW_LOCK);
export const releaseLock = script(RELEASE_LOCK);
export const setToken = script(SET_TOKEN);
export const reserveSlot = script(RESERVE_SLOT);

/** Runs a script by its hash, or by its text if the server does not know the hash. */
export async function runScript(
  driver: Driver,
  { text, sha }: Script,
  keys: string[],
  args: string[],
): Promise<unknown> {
  try {
    return await driver.runHash(sha, keys, args);
  } catch (error) {
    if (!/NOSCRIPT/.test(messageOf(error))) throw error;
    return driver.runText(text, keys, args);
  }
}
