import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fileStore } from '../../../src/stores/file/file-store.ts';
import { aToken, fastClock, ownDirectory, startOther, theKey, waiting } from '../../support/file-store.ts';

const directoryOfTest = () => ownDirectory(onTestFinished);
const start = (directory: string, lock?: 'kernel' | 'lease') => startOther(onTestFinished, directory, lock);
const many = (count: number, directory: string, lock?: 'kernel' | 'lease') =>
  Promise.all(Array.from({ length: count }, () => start(directory, lock)));

describe.each(['kernel', 'lease'] as const)('processes with the lock: %s', (lock) => {
  test('work one at a time, with fences that grow', async () => {
    const directory = await directoryOfTest();
    const others = await many(8, directory, lock);
    for (const other of others) other.begin('alone');
    expect(await Promise.all(others.map((other) => other.says()))).toEqual(others.map(() => 'done'));
    const fences = (await readFile(join(directory, 'log'), 'utf8')).trim().split('\n').map(Number);
    expect(fences).toHaveLength(80);
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
  });

  test('fetch one token for all', async () => {
    const directory = await directoryOfTest();
    const store = fileStore({ directory, lock });
    await store.set(theKey, aToken('old'));
    const others = await many(8, directory, lock);
    for (const other of others) other.begin('fetch');
    const said = await Promise.all(others.map((other) => other.says()));
    expect(said).toEqual(others.map(() => 'new'));
    expect(await readFile(join(directory, 'log'), 'utf8')).toBe('fetch\n');
  });

  test('take over the lock of a holder that is killed long before it expires', async () => {
    const directory = await directoryOfTest();
    const store = fileStore({ directory, lock });
    const other = await start(directory, lock);
    other.begin('hold 3600000');
    const early = Number((await other.says()).split(' ')[1]);
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

  test('end when they have nothing to do, and leave no timer', async () => {
    const directory = await directoryOfTest();
    const other = await start(directory, lock);
    other.begin('fetch');
    expect([await other.says(), await other.says()]).toEqual(['new', 'timers: 0']);
    other.child.stdin.end();
    expect((await other.ended)[0]).toBe(0);
  });
});

test('a holder that was stopped for too long is passed over, told so, and its late write refused', async () => {
  const directory = await directoryOfTest();
  const other = await start(directory);
  other.begin('hold 100');
  await other.says();
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
  const kept = await store.get(theKey);
  other.child.kill('SIGCONT');
  expect(await other.says()).toBe('lost, written: false');
  expect(await store.get(theKey)).toEqual(kept);
});

test('a holder that is stopped has the time that it said it takes', async () => {
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

test('writers that are killed leave a whole token, and what they left is removed by the next', async () => {
  const directory = await directoryOfTest();
  const store = fileStore({ directory, lock: 'kernel' });
  let last = 0;
  for (let round = 0; round < 5; round++) {
    const others = await many(6, directory);
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
  await writeFile(join(directory, `${theKey}.json.12345`), 'left', { mode: 0o600 });
  await writeFile(join(directory, `${'o'.repeat(43)}.json.12345`), "another key's", { mode: 0o600 });
  expect(await store.set(theKey, aToken('after', last + 1))).toBe(true);
  const names = (await readdir(directory)).sort();
  expect(names).toEqual([`${theKey}.json`, `${theKey}.write.lock`, `${'o'.repeat(43)}.json.12345`]);
});

test('a writer that is stopped in the midst of it is passed over, and overwrites nothing later', async () => {
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
    for (let looked = 0; looked < 5; looked++) {
      const found = await store.get(theKey);
      expect(found?.fence).toBeGreaterThanOrEqual(fence);
      expect(found?.token.accessToken).toBe(`token-${found?.fence}`);
      await pause(2);
    }
  }
});
