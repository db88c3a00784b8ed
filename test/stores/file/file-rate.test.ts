import { setMaxListeners } from 'node:events';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { ConfigurationError, TokenStoreError } from '../../../src/core/errors.ts';
import { type FileRateOptions, fileRate } from '../../../src/stores/file/index.ts';
import { ownDirectory } from '../../support/file-store.ts';

const never = new AbortController().signal;
setMaxListeners(0, never);

describe.each(['kernel', 'lease'] as const)('fileRate with the lock %s', (lock) => {
  async function location() {
    return { key: 'k', lock, directory: await ownDirectory(onTestFinished) };
  }

  it('spaces the requests of all limiters with one key', async () => {
    const shared = { ...(await location()), requests: 100, interval: 1_000 };
    const rates = Array.from({ length: 4 }, () => fileRate(shared));
    const startedAt = performance.now();
    const times: number[] = [];
    const one = async (rate: (typeof rates)[number]) => {
      await rate(never);
      times.push(performance.now() - startedAt);
    };
    await Promise.all(rates.flatMap((rate) => Array.from({ length: 10 }, () => one(rate))));
    times.sort((a, b) => a - b);
    // Gaps of 10 ms, the first immediately. A timer may fire a millisecond early.
    for (const [index, time] of times.entries()) expect(time).toBeGreaterThan(index * 10 - 8);
    expect(await readdir(shared.directory)).toEqual(
      lock === 'kernel' ? ['k.rate', 'k.rate.lock'] : ['k.rate'],
    );
    expect((await stat(join(shared.directory, 'k.rate'))).mode & 0o777).toBe(0o600);
  });

  it('spaces the requests of a process that was suspended while it waited', async () => {
    let suspendedFor = 0;
    const waiting: (() => void)[] = [];
    const clock: Clock = {
      ...systemClock,
      now: () => Date.now() + suspendedFor,
      setTimeout: (callback, delay) =>
        // The lock has timers of some seconds.
        suspendedFor === 0 && delay < 1_000
          ? waiting.push(callback)
          : systemClock.setTimeout(callback, delay),
    };
    const rate = fileRate({ ...(await location()), requests: 5, interval: 100, clock });
    const times = Array.from({ length: 10 }, async () => {
      await rate(never);
      return clock.now();
    });
    await expect.poll(() => waiting.length).toBe(9);
    suspendedFor = 60_000;
    for (const callback of waiting) callback();
    const [first = 0, ...others] = (await Promise.all(times)).slice(1);
    // A timer may fire a millisecond early.
    for (const [index, time] of others.entries()) expect(time - first).toBeGreaterThan((index + 1) * 20 - 15);
  });

  it('keeps no time for a request that was aborted while it waited', async () => {
    const rate = fileRate({ ...(await location()), requests: 1, interval: 3_600_000 });
    await rate(never);
    const aborted = new AbortController();
    const waiting = Promise.allSettled([rate(aborted.signal), rate(aborted.signal)]);
    aborted.abort(new Error('enough'));
    expect(await waiting).toMatchObject([
      { reason: { message: 'enough' } },
      { reason: { message: 'enough' } },
    ]);
    await expect(rate(aborted.signal)).rejects.toThrow('enough');
  });

  it.each(['', '\0\0\0\0', 'nonsense', `${'9'.repeat(16)} ${'9'.repeat(16)}`, 'x'.repeat(100)])(
    'replaces the damaged state %j',
    async (text) => {
      const options = await location();
      const path = join(options.directory, 'k.rate');
      await writeFile(path, text, { mode: 0o600 });
      await fileRate({ ...options, requests: 1_000 })(never);
      expect(await readFile(path, 'utf8')).toMatch(/^\d{16} 0{11}60000/);
    },
  );

  it('rejects every waiting request if other users can access the directory, and continues once they cannot', async () => {
    const options = await location();
    const rate = fileRate({ ...options, requests: 1_000 });
    await chmod(options.directory, 0o755);
    const [first, second] = await Promise.allSettled([rate(never), rate(never)]);
    for (const result of [first, second]) {
      expect(result).toMatchObject({ reason: expect.any(TokenStoreError) });
      expect(result).toHaveProperty('reason.message', expect.stringContaining('chmod 700'));
    }
    await chmod(options.directory, 0o700);
    await rate(never);
  });
});

it.each<[string, object, RegExp]>([
  ['no key', {}, /key must consist of/],
  ['a key that leads out of the directory', { key: '../k' }, /key must consist of/],
  ['a rate of 0', { key: 'k', requests: 0 }, /rate.requests must be/],
  ['another lock', { key: 'k', lock: 'none' }, /lock must be/],
  ['an empty directory', { key: 'k', directory: '' }, /directory must be/],
  ['an unknown option', { key: 'k', burst: 5 }, /burst/],
])('fileRate refuses %s', (_, options, message) => {
  const create = () => fileRate({ requests: 1, ...options } as FileRateOptions);
  expect(create).toThrow(ConfigurationError);
  expect(create).toThrow(message);
});
