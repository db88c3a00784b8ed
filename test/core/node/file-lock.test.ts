import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { acquireFileLock, FileLockError } from '../../../src/core/node/file-lock.ts';
import { thisProcess } from '../../../src/core/node/process-identity.ts';
import { temporaryDirectory } from '../../support/batch.ts';
import { advanceUntil, createManualClock } from '../../support/manual-clock.ts';

const script = fileURLToPath(new URL('../../support/lock-script.ts', import.meta.url));

/** A clock whose timers are a hundred times faster. */
const fastClock: Clock = {
  ...systemClock,
  setTimeout: (callback, delay) => systemClock.setTimeout(callback, delay / 100),
};

/** Starts a process that acquires, verifies and releases the lock on command. */
async function startOther(path: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', script, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const reply = async (): Promise<string> => (await lines.next()).value;
  expect(await reply()).toBe('ready');
  const run = (action: 'take' | 'verify' | 'release') => {
    child.stdin.write(`${action}\n`);
    return reply();
  };
  return { child, run };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** Returns the error of a lock that cannot be acquired. */
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

/** Backdates the last heartbeat of a lock file by a time in milliseconds. */
async function backdate(path: string, time: number): Promise<void> {
  const then = new Date(Date.now() - time);
  await utimes(path, then, then);
}

/** Writes the lock file of another holder. */
async function writeLock(path: string, holder: object): Promise<void> {
  await writeFile(path, JSON.stringify({ id: 'other', ...thisProcess(), ...holder }));
}

/** Expects that the lock can be acquired and verified, and that its release removes the file. */
async function expectAcquirable(path: string, clock = systemClock): Promise<void> {
  const lock = await acquireFileLock(path, clock);
  await lock.verify();
  expect((await readdir(join(path, '..'))).sort()).toEqual(['out.lock']);
  await lock.release();
  expect(await readdir(join(path, '..'))).toEqual([]);
}

describe('a lock within one process', () => {
  it('allows one holder at a time', async () => {
    const path = await lockPath();
    const lock = await acquireFileLock(path, systemClock);
    const error = await refusal(acquireFileLock(path, systemClock));
    expect(error.message).toContain(`process ${process.pid} on ${hostname()}`);
    await lock.verify();
    await lock.release();
    await expectAcquirable(path);
  });

  it('goes to exactly one of several simultaneous callers, also after its holder died', async () => {
    const path = await lockPath();
    for (let round = 0; round < 20; round++) {
      if (round % 2) await writeLock(path, { began: 1 });
      const attempts = Array.from({ length: 8 }, () => acquireFileLock(path, fastClock));
      const results = await Promise.allSettled(attempts);
      const locks = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(locks).toHaveLength(1);
      await locks[0]?.verify();
      await locks[0]?.release();
      expect(existsSync(path)).toBe(false);
    }
  });

  it('sends heartbeats until it is released', async () => {
    const path = await lockPath();
    const clock = createManualClock();
    const lock = await acquireFileLock(path, clock);
    for (let beat = 0; beat < 3; beat++) {
      await backdate(path, 14_000);
      await clock.advance(3_000);
      await refusal(acquireFileLock(path, clock));
    }
    await lock.release();
    expect(clock.pending).toBe(0);
  });

  it('is not removed by a holder that has lost it', async () => {
    const path = await lockPath();
    const lost = await acquireFileLock(path, systemClock);
    await backdate(path, 16_000);
    const next = await acquireFileLock(path, systemClock);
    await refusal(lost.verify());
    await lost.release();
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

describe('a lock of another process', () => {
  it('is respected while the process runs, and taken over at once after it died', async () => {
    const path = await lockPath();
    const other = await startOther(path);
    expect(await other.run('take')).toBe('done');
    const error = await refusal(acquireFileLock(path, systemClock));
    expect(error.message).toContain(`process ${other.child.pid} on`);
    await kill(other.child);
    // On a clock that stands still, the lock of a process of unknown state would never be free.
    await expectAcquirable(path, createManualClock());
  });

  it('is taken over after 15 seconds if the process is suspended, and the process detects the loss', async () => {
    const path = await lockPath();
    const other = await startOther(path);
    await other.run('take');
    other.child.kill('SIGSTOP');
    await refusal(acquireFileLock(path, systemClock));
    await backdate(path, 16_000);
    const lock = await acquireFileLock(path, systemClock);
    other.child.kill('SIGCONT');
    expect(await other.run('verify')).toBe('ERR_LOCKED');
    expect(await other.run('release')).toBe('done');
    await lock.verify();
    await lock.release();
  });

  it('goes to exactly one of several simultaneous processes, also after its holder was killed', async () => {
    const path = await lockPath();
    const [victim, ...others] = await Promise.all(Array.from({ length: 4 }, () => startOther(path)));
    await victim?.run('take');
    for (let round = 0; round < 20; round++) {
      // The holder before the first round is dead. Later each winner releases the lock.
      if (round === 0 && victim) await kill(victim.child);
      else if (round % 2) await writeLock(path, { pid: victim?.child.pid });
      const results = await Promise.all(others.map(({ run }) => run('take')));
      expect(results.sort()).toEqual(['ERR_LOCKED', 'ERR_LOCKED', 'done']);
      await Promise.all(others.map(({ run }) => run('release')));
      expect(existsSync(path)).toBe(false);
    }
  });
});

describe('a lock file', () => {
  it('is taken over from an earlier process with the ID of this process, as after the restart of a container', async () => {
    const path = await lockPath();
    await writeLock(path, { began: thisProcess().began - 100_000 });
    await expectAcquirable(path);
  });

  it('is taken over if the process ID was reused, where the system states start times', async () => {
    const path = await lockPath();
    await writeLock(path, { pid: process.ppid, began: 1 });
    if (existsSync('/proc/self/stat')) await expectAcquirable(path);
    else await refusal(acquireFileLock(path, systemClock));
  });

  it('of another machine is taken over after 15 seconds without heartbeat, regardless of its clock', async () => {
    for (const ahead of [-3_600_000, 0, 3_600_000]) {
      const path = await lockPath();
      await writeLock(path, { space: 'elsewhere', host: 'elsewhere' });
      await backdate(path, -ahead);
      const startedAt = performance.now();
      await expectAcquirable(path, fastClock);
      expect(performance.now() - startedAt).toBeGreaterThan(140);
    }
  });

  it('of another machine is respected while its heartbeat continues, regardless of its clock', async () => {
    const path = await lockPath();
    await writeLock(path, { space: 'elsewhere', host: 'elsewhere' });
    const long = 3_600_000;
    await backdate(path, long);
    const clock = createManualClock();
    const attempt = refusal(acquireFileLock(path, clock));
    await expect.poll(() => clock.pending).toBeGreaterThan(0);
    await backdate(path, long - 3000);
    expect((await advanceUntil(attempt, clock)).message).toContain('on elsewhere');
    expect(JSON.parse(await readFile(path, 'utf8')).id).toBe('other');
  });

  it('of another machine can be acquired as soon as it is removed', async () => {
    const path = await lockPath();
    await writeLock(path, { space: 'elsewhere' });
    const clock = createManualClock();
    const attempt = acquireFileLock(path, clock);
    await expect.poll(() => clock.pending).toBeGreaterThan(0);
    await rm(path);
    const lock = await advanceUntil(attempt, clock);
    await lock.verify();
    await lock.release();
  });

  it('without a valid holder, as a crash leaves it, is taken over', async () => {
    for (const text of ['', '{"id":"a', 'null', '[]', '{}', '\0\0\0\0']) {
      const path = await lockPath();
      await writeFile(path, text);
      await expectAcquirable(path, fastClock);
    }
  });
});

it('can be acquired after a crash during the removal of a lock', async () => {
  const path = await lockPath();
  await writeLock(path, { began: 1 });
  await writeLock(`${path}.turn`, { began: 1 });
  await expectAcquirable(path);
  await writeLock(path, { began: 1 });
  await writeFile(`${path}.turn`, '');
  await backdate(`${path}.turn`, 16_000);
  await expectAcquirable(path);
});

it('stops waiting with the reason of the signal that aborts', async () => {
  const path = await lockPath();
  await writeLock(path, { space: 'elsewhere' });
  const abort = new AbortController();
  const attempt = acquireFileLock(path, systemClock, abort.signal);
  abort.abort(new Error('enough'));
  await expect(attempt).rejects.toThrow('enough');
  expect(JSON.parse(await readFile(path, 'utf8')).id).toBe('other');
});
