import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fileStore } from '../../../src/stores/file/file-store.ts';
import { aToken, fastClock, ownDirectory, startOther, theKey, waiting } from '../../support/file-store.ts';

const directoryOfTest = () => ownDirectory(onTestFinished);
const start = (directory: string, lock?: 'kernel' | 'lease') => startOther(onTestFinished, directory, lock);
const startMany = (count: number, directory: string, lock?: 'kernel' | 'lease') =>
  Promise.all(Array.from({ length: count }, () => start(directory, lock)));

describe.each(['kernel', 'lease'] as const)(
  'processes that share a token through a file store with lock: %s',
  (lock) => {
    it('run work one at a time, with increasing fences', async () => {
      const directory = await directoryOfTest();
      const others = await startMany(8, directory, lock);
      for (const other of others) other.begin('alone');
      expect(await Promise.all(others.map((other) => other.nextLine()))).toEqual(others.map(() => 'done'));
      const fences = (await readFile(join(directory, 'log'), 'utf8')).trim().split('\n').map(Number);
      expect(fences).toHaveLength(80);
      expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
    });

    it('fetch one token in total', async () => {
      const directory = await directoryOfTest();
      const store = fileStore({ directory, lock });
      await store.set(theKey, aToken('old'));
      const others = await startMany(8, directory, lock);
      for (const other of others) other.begin('fetch');
      const lines = await Promise.all(others.map((other) => other.nextLine()));
      expect(lines).toEqual(others.map(() => 'new'));
      expect(await readFile(join(directory, 'log'), 'utf8')).toBe('fetch\n');
    });

    it('take over the lock of a killed holder long before the lock expires', async () => {
      const directory = await directoryOfTest();
      const store = fileStore({ directory, lock });
      const other = await start(directory, lock);
      other.begin('hold 3600000');
      const early = Number((await other.nextLine()).split(' ')[1]);
      let killed = false;
      const next = store.withLock(theKey, waiting<number>(), async ({ fence }) => {
        expect(killed).toBe(true);
        return fence;
      });
      await pause(100);
      killed = true;
      await other.kill();
      expect(await next).toBeGreaterThan(early);
    });

    it('exit when they have nothing to do, and leave no timer', async () => {
      const directory = await directoryOfTest();
      const other = await start(directory, lock);
      other.begin('fetch');
      expect([await other.nextLine(), await other.nextLine()]).toEqual(['new', 'timers: 0']);
      other.child.stdin.end();
      expect((await other.ended)[0]).toBe(0);
    });
  },
);

describe('fileStore', () => {
  it('takes over the lock of a suspended holder, whose signal aborts and whose late write is refused', async () => {
    const directory = await directoryOfTest();
    const other = await start(directory);
    other.begin('hold 100');
    await other.nextLine();
    other.child.kill('SIGSTOP');
    const store = fileStore({ directory, lock: 'kernel', clock: fastClock });
    const waiters = ['a', 'b', 'c'].map((name) =>
      store.withLock(theKey, waiting({ duration: 100 }), async ({ fence, signal }) => {
        const written = await store.set(theKey, { ...aToken(name), fence });
        await pause(20);
        return [written, signal.aborted];
      }),
    );
    expect(await Promise.all(waiters)).toEqual(waiters.map(() => [true, false]));
    const stored = await store.get(theKey);
    other.child.kill('SIGCONT');
    expect(await other.nextLine()).toBe('lost, written: false');
    expect(await store.get(theKey)).toEqual(stored);
  });

  it('does not take over the lock of a holder within the duration that the holder announced', async () => {
    const directory = await directoryOfTest();
    const store = fileStore({ directory, lock: 'kernel', clock: fastClock });
    let worked = false;
    await store.withLock(theKey, waiting({ duration: 3_600_000 }), async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const other = store.withLock(theKey, waiting({ duration: 0, signal: controller.signal }), async () => {
        worked = true;
      });
      await pause(300);
      controller.abort(reason);
      await expect(other).rejects.toBe(reason);
    });
    expect(worked).toBe(false);
  });

  it('keeps a complete token when writers are killed, and removes their temporary files with the next write', async () => {
    const directory = await directoryOfTest();
    const store = fileStore({ directory, lock: 'kernel' });
    let last = 0;
    for (let round = 0; round < 5; round++) {
      const others = await startMany(6, directory);
      for (const other of others) other.begin('writes');
      while (((await store.get(theKey))?.fence ?? 0) <= last) await pause(1);
      for (const other of others) {
        await pause(40 * Math.random());
        await other.kill();
        const found = await store.get(theKey);
        expect(found?.token.accessToken).toBe(`token-${found?.fence}`);
        expect(found?.fence).toBeGreaterThan(last);
      }
      last = (await store.get(theKey))?.fence ?? Number.NaN;
    }
    await writeFile(join(directory, `${theKey}.json.12345`), 'leftover', { mode: 0o600 });
    await writeFile(join(directory, `${'o'.repeat(43)}.json.12345`), "another key's", { mode: 0o600 });
    expect(await store.set(theKey, aToken('after', last + 1))).toBe(true);
    const names = (await readdir(directory)).sort();
    expect(names).toEqual([`${theKey}.json`, `${theKey}.write.lock`, `${'o'.repeat(43)}.json.12345`]);
  });

  it('takes over the write lock of a suspended writer, which overwrites nothing when it continues', async () => {
    const directory = await directoryOfTest();
    const store = fileStore({ directory, lock: 'kernel', clock: fastClock });
    const other = await start(directory);
    other.begin('writes');
    while (!existsSync(join(directory, `${theKey}.json`))) await pause(1);
    for (let round = 0; round < 8; round++) {
      await pause(10 * Math.random());
      other.child.kill('SIGSTOP');
      const fence = ((await store.get(theKey))?.fence ?? 0) + 1_000;
      expect(await store.set(theKey, aToken(`token-${fence}`, fence))).toBe(true);
      other.child.kill('SIGCONT');
      for (let check = 0; check < 5; check++) {
        const found = await store.get(theKey);
        expect(found?.fence).toBeGreaterThanOrEqual(fence);
        expect(found?.token.accessToken).toBe(`token-${found?.fence}`);
        await pause(2);
      }
    }
  });
});
