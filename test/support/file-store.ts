import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { LockOptions, StoredToken } from '../../src/core/token-store.ts';

export const fileStoreScript = fileURLToPath(new URL('./file-store-script.ts', import.meta.url));

export const theKey = 'k'.repeat(43);

/** Time in which whoever looks again and again does so a hundred times as fast, and so is the sooner tired of it. */
export const fastClock: Clock = {
  ...systemClock,
  setTimeout: (callback, delay) => systemClock.setTimeout(callback, delay < 100 ? delay / 100 : delay),
};

export function aToken(accessToken: string, fence = 1): StoredToken {
  const now = Date.now();
  return { token: { accessToken, refreshAt: now + 1_000_000, expiresAt: now + 1_200_000.5 }, fence };
}

export function waiting<T>(options: Partial<LockOptions<T>> = {}): LockOptions<T> {
  return {
    duration: 30_000,
    signal: new AbortController().signal,
    stopWaitingWith: () => undefined,
    ...options,
  };
}

/** A directory of this user alone, that is removed when the test ends. */
export async function ownDirectory(onTestFinished: (end: () => Promise<void>) => void): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'file-store-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Another process with a store of the same directory, that does as it is told. */
export async function startOther(
  onTestFinished: (end: () => Promise<void>) => void,
  directory: string,
  lock: 'kernel' | 'lease' = 'kernel',
) {
  const child = spawn(process.execPath, ['--import', 'tsx', fileStoreScript, directory, lock], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const says = async (): Promise<string> => (await lines.next()).value;
  await says();
  const begin = (action: string) => void child.stdin.write(`${action}\n`);
  return { child, says, begin, kill, ended };
}
