import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { acquireFileLock, FileLockError } from '../../../src/core/node/file-lock.ts';
import { thisProcess } from '../../../src/core/node/process-identity.ts';
import { temporaryDirectory } from '../../support/batch.ts';
import { advanceUntil, createManualClock } from '../../support/manual-clock.ts';

const script = fileURLToPath(new URL('../../support/lock-script.ts', import.meta.url));

/** Time that goes by a hundred times as fast. */
const fastClock: Clock = {
  ...systemClock,
  setTimeout: (callback, delay) => systemClock.setTimeout(callback, delay / 100),
};

/** Another process, that does with the lock as it is told. */
async function startOther(path: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', script, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => (await lines.next()).value;
  expect(await answer()).toBe('ready');
  const tell = (action: 'take' | 'verify' | 'release') => {
    child.stdin.write(`${action}\n`);
    return answer();
  };
  return { child, tell };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** The error of a lock that cannot be acquired. */
async function refusal(work: Promise<unknown>, code = 'ERR_LOCKED'): Promise<Error> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(FileLockError);
  expect(error).toMatchObject({ code });
  return error as Error;
}

async function lockPath(): Promise<string> {
  return join(await temporaryDirectory(), 'out.lock');
}

/** Makes a lock file look as if its holder had been silent for so long, in milliseconds. */
async function silence(path: string, time: number): Promise<void> {
  const then = new Date(Date.now() - time);
  await utimes(path, then, then);
}

/** A lock file that another left. */
async function leave(path: string, holder: object): Promise<void> {
  await writeFile(path, JSON.stringify({ id: 'other', ...thisProcess(), ...holder }));
}

/** That the lock is had, works, and leaves nothing. */
async function expectTaken(path: string, clock = systemClock): Promise<void> {
  const lock = await acquireFileLock(path, clock);
  await lock.verify();
  expect((await readdir(join(path, '..'))).sort()).toEqual(['out.lock']);
  await lock.release();
  expect(await readdir(join(path, '..'))).toEqual([]);
}

describe('within a process', () => {
  test('is had once at a time', async () => {
    const path = await lockPath();
    const lock = await acquireFileLock(path, systemClock);
    const error = await refusal(acquireFileLock(path, systemClock));
    expect(error.message).toContain(`process ${process.pid} on ${hostname()}`);
    await lock.verify();
    await lock.release();
    await expectTaken(path);
  });

  test('of many takers at once exactly one has it, also after one that died', async () => {
    const path = await lockPath();
    for (let round = 0; round < 20; round++) {
      if (round % 2) await leave(path, { began: 1 });
      const takers = Array.from({ length: 8 }, () => acquireFileLock(path, fastClock));
      const results = await Promise.allSettled(takers);
      const locks = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(locks).toHaveLength(1);
      await locks[0]?.verify();
      await locks[0]?.release();
      expect(existsSync(path)).toBe(false);
    }
  });

  test('gives signs of life until it is released', async () => {
    const path = await lockPath();
    const clock = createManualClock();
    const lock = await acquireFileLock(path, clock);
    for (let beat = 0; beat < 3; beat++) {
      await silence(path, 14_000);
      await clock.advance(3_000);
      await refusal(acquireFileLock(path, clock));
    }
    await lock.release();
    expect(clock.pending).toBe(0);
  });

  test('release and verify leave alone what is somebody else’s by now', async () => {
    const path = await lockPath();
    const asleep = await acquireFileLock(path, systemClock);
    await silence(path, 16_000);
    const next = await acquireFileLock(path, systemClock);
    await refusal(asleep.verify());
    await asleep.release();
    await next.verify();
    await next.release();
    await refusal(next.verify());
  });

  it('throws the error of the file system for a missing directory and for a directory at its path', async () => {
    const directory = await temporaryDirectory();
    const missing = acquireFileLock(join(directory, 'missing', 'x.lock'), systemClock);
    await expect(missing).rejects.toMatchObject({ code: 'ENOENT' });
    await mkdir(join(directory, 'x.lock'));
    await expect(acquireFileLock(join(directory, 'x.lock'), systemClock)).rejects.toMatchObject({
      code: 'EISDIR',
    });
  });

  it('refuses a symbolic link whose target does not exist', async () => {
    const path = join(await temporaryDirectory(), 'x.lock');
    await symlink(`${path}.gone`, path);
    const error = await refusal(acquireFileLock(path, systemClock), 'ERR_BROKEN_LINK');
    expect(error.message).toContain('symbolic link to a file that does not exist');
  });
});

describe('another process', () => {
  test('that lives is left its lock; once it is dead, that is taken over at once', async () => {
    const path = await lockPath();
    const other = await startOther(path);
    expect(await other.tell('take')).toBe('done');
    const error = await refusal(acquireFileLock(path, systemClock));
    expect(error.message).toContain(`process ${other.child.pid} on`);
    await kill(other.child);
    // On a clock that stands still, the lock of a process of unknown state would never be free.
    await expectTaken(path, createManualClock());
  });

  test('that is stopped keeps its lock while that is fresh, and finds out when it is not any more', async () => {
    const path = await lockPath();
    const other = await startOther(path);
    await other.tell('take');
    other.child.kill('SIGSTOP');
    await refusal(acquireFileLock(path, systemClock));
    await silence(path, 16_000);
    const lock = await acquireFileLock(path, systemClock);
    other.child.kill('SIGCONT');
    expect(await other.tell('verify')).toBe('ERR_LOCKED');
    expect(await other.tell('release')).toBe('done');
    await lock.verify();
    await lock.release();
  });

  test('of several at once exactly one has it, round after round, also after one that was killed', async () => {
    const path = await lockPath();
    const [victim, ...others] = await Promise.all(Array.from({ length: 4 }, () => startOther(path)));
    await victim?.tell('take');
    for (let round = 0; round < 20; round++) {
      // Of the first round the holder is dead; then each winner lets go of it.
      if (round === 0 && victim) await kill(victim.child);
      else if (round % 2) await leave(path, { pid: victim?.child.pid });
      const said = await Promise.all(others.map(({ tell }) => tell('take')));
      expect(said.sort()).toEqual(['ERR_LOCKED', 'ERR_LOCKED', 'done']);
      await Promise.all(others.map(({ tell }) => tell('release')));
      expect(existsSync(path)).toBe(false);
    }
  });
});

describe('a lock file of', () => {
  test('a process that had the number of this one, such as in a container before its restart', async () => {
    const path = await lockPath();
    await leave(path, { began: thisProcess().began - 100_000 });
    await expectTaken(path);
  });

  test('a process whose number another has by now, where the system tells when a process began', async () => {
    const path = await lockPath();
    await leave(path, { pid: process.ppid, began: 1 });
    if (existsSync('/proc/self/stat')) await expectTaken(path);
    else await refusal(acquireFileLock(path, systemClock));
  });

  test('another machine that gives no sign of life: it is waited for, whatever its clock says', async () => {
    for (const ahead of [-3_600_000, 0, 3_600_000]) {
      const path = await lockPath();
      await leave(path, { space: 'elsewhere', host: 'elsewhere' });
      await silence(path, -ahead);
      const began = performance.now();
      await expectTaken(path, fastClock);
      expect(performance.now() - began).toBeGreaterThan(140);
    }
  });

  test('another machine that gives one is respected, whatever its clock says', async () => {
    const path = await lockPath();
    await leave(path, { space: 'elsewhere', host: 'elsewhere' });
    const long = 3_600_000;
    await silence(path, long);
    const clock = createManualClock();
    const taking = refusal(acquireFileLock(path, clock));
    await expect.poll(() => clock.pending).toBeGreaterThan(0);
    await silence(path, long - 3000);
    expect((await advanceUntil(taking, clock)).message).toContain('on elsewhere');
    expect(JSON.parse(await readFile(path, 'utf8')).id).toBe('other');
  });

  test('another machine that is released while it is waited for', async () => {
    const path = await lockPath();
    await leave(path, { space: 'elsewhere' });
    const clock = createManualClock();
    const taking = acquireFileLock(path, clock);
    await expect.poll(() => clock.pending).toBeGreaterThan(0);
    await rm(path);
    const lock = await advanceUntil(taking, clock);
    await lock.verify();
    await lock.release();
  });

  test('nobody, as a crash leaves it: empty, cut off, or no lock at all', async () => {
    for (const text of ['', '{"id":"a', 'null', '[]', '{}', '\0\0\0\0']) {
      const path = await lockPath();
      await writeFile(path, text);
      await expectTaken(path, fastClock);
    }
  });
});

test('a crash while a lock was being removed holds up nobody', async () => {
  const path = await lockPath();
  await leave(path, { began: 1 });
  await leave(`${path}.turn`, { began: 1 });
  await expectTaken(path);
  await leave(path, { began: 1 });
  await writeFile(`${path}.turn`, '');
  await silence(`${path}.turn`, 16_000);
  await expectTaken(path);
});

it('stops waiting with the reason of the signal that aborts', async () => {
  const path = await lockPath();
  await leave(path, { space: 'elsewhere' });
  const abort = new AbortController();
  const taking = acquireFileLock(path, systemClock, abort.signal);
  abort.abort(new Error('enough'));
  await expect(taking).rejects.toThrow('enough');
  expect(JSON.parse(await readFile(path, 'utf8')).id).toBe('other');
});
