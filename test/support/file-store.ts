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

/** Runs polling a hundred times as fast, so that its time limits pass sooner. */
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

/** Creates a directory that only this user can access. It is removed when the test ends. */
export async function ownDirectory(onTestFinished: (end: () => Promise<void>) => void): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'file-store-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Starts a process with a store of the same directory, which runs the actions it receives. */
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
  const nextLine = async (): Promise<string> => (await lines.next()).value;
  await nextLine();
  const begin = (action: string) => void child.stdin.write(`${action}\n`);
  return { child, nextLine, begin, kill, ended };
}
