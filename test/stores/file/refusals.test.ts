import { execFileSync } from 'node:child_process';
import { chmod, chown, link, lstat, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ConfigurationError, TokenStoreError } from '../../../src/core/errors.ts';
import { defaultDirectory } from '../../../src/stores/file/directory.ts';
import { type FileStoreOptions, fileStore } from '../../../src/stores/file/file-store.ts';
import { aToken, ownDirectory, theKey, waiting } from '../../support/file-store.ts';

afterEach(() => void vi.unstubAllEnvs());

/** Creates a store that contains a token. */
async function withToken(options: FileStoreOptions = {}) {
  const directory = join(await ownDirectory(onTestFinished), 'store');
  const store = fileStore({ directory, lock: 'kernel', ...options });
  await store.withLock(theKey, waiting(), ({ fence }) =>
    store.set(theKey, aToken('the secret token', fence)),
  );
  return { directory, store, path: join(directory, `${theKey}.json`) };
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TokenStoreError);
  expect(error).toHaveProperty('code', 'ERR_TOKEN_STORE');
  const { message } = error as Error;
  expect(message).not.toContain('secret token');
  return message;
}

async function modeOf(path: string): Promise<string> {
  return ((await lstat(path)).mode & 0o777).toString(8);
}

describe('the files of a file store', () => {
  it.each([0o000, 0o022, 0o077])('are accessible to this user only with umask %o', async (umask) => {
    const before = process.umask(umask);
    onTestFinished(() => void process.umask(before));
    const { directory, path } = await withToken();
    expect(await modeOf(directory)).toBe('700');
    const base = join(directory, theKey);
    for (const file of [path, `${base}.lock`, `${base}.write.lock`, `${base}.fence`]) {
      expect([file, await modeOf(file)]).toEqual([file, '600']);
    }
  });

  it('are in the XDG state directory by default', () => {
    vi.stubEnv('XDG_STATE_HOME', '/somewhere/state');
    expect(defaultDirectory()).toBe('/somewhere/state/axios-oauth-refresh');
    for (const ignored of ['relative', '']) {
      vi.stubEnv('XDG_STATE_HOME', ignored);
      expect(defaultDirectory()).toBe(join(homedir(), '.local/state/axios-oauth-refresh'));
    }
  });
});

describe('a file store refuses a directory', () => {
  const cases: [string, RegExp, (directory: string) => Promise<unknown>][] = [
    ['that other users may enter', /mode 711.*chmod 700/, (it) => chmod(it, 0o711)],
    [
      'that is a symbolic link',
      /symbolic link/,
      async (it) => {
        await rename(it, `${it}.real`);
        await symlink(`${it}.real`, it);
      },
    ],
    [
      'that is a symbolic link without a target',
      /symbolic link/,
      async (it) => {
        await rm(it, { recursive: true });
        await symlink('/does/not/exist', it);
      },
    ],
    [
      'that is a file',
      /is not a directory/,
      async (it) => {
        await rm(it, { recursive: true });
        await writeFile(it, '', { mode: 0o600 });
      },
    ],
    [
      'below a file',
      /is not a directory/,
      async (it) => {
        await rm(dirname(it), { recursive: true });
        await writeFile(dirname(it), '');
      },
    ],
  ];
  it.each(cases)('%s', async (_, message, damage) => {
    const { directory, store } = await withToken();
    await damage(directory);
    expect(await refusal(store.get(theKey))).toMatch(message);
    expect(await refusal(store.set(theKey, aToken('new', 2 ** 52)))).toMatch(message);
    expect(await refusal(store.withLock(theKey, waiting(), async () => {}))).toMatch(message);
  });

  it.runIf(process.getuid?.() === 0)('that belongs to another user', async () => {
    const { directory, store } = await withToken();
    await chown(directory, 12_345, 12_345);
    expect(await refusal(store.get(theKey))).toMatch(
      /belongs to user 12345, but this process runs as user 0/,
    );
  });
});

describe('a file store refuses a file', () => {
  const cases: [string, RegExp, (file: string) => Promise<unknown>][] = [
    ['that other users may read', /mode 640.*chmod 600/, (it) => chmod(it, 0o640)],
    ['that other users may write', /mode 602.*chmod 600/, (it) => chmod(it, 0o602)],
    [
      'that is a symbolic link',
      /symbolic link/,
      async (it) => {
        await rename(it, `${it}.real`);
        await symlink(`${it}.real`, it);
      },
    ],
    ['that has a second name (a hard link)', /hard link/, (it) => link(it, `${it}.other`)],
    [
      'that is a directory',
      /not a regular file|the path is a directory/,
      async (it) => {
        await rm(it);
        await mkdir(it, { mode: 0o700 });
      },
    ],
    [
      'that is a pipe',
      /not a regular file|a pipe/,
      async (it) => {
        await rm(it);
        execFileSync('sh', ['-c', 'mkfifo -m 600 "$0"', it]);
      },
    ],
  ];

  it.each(cases)('%s: the token file', async (_, message, damage) => {
    const { path, store } = await withToken();
    await damage(path);
    const before = await lstat(path);
    expect(await refusal(store.get(theKey))).toMatch(message);
    expect(await refusal(store.set(theKey, aToken('new', 2 ** 52)))).toMatch(message);
    expect(await refusal(store.withLock(theKey, waiting(), async () => {}))).toMatch(message);
    // The store did not change the file.
    const { ino, mtimeMs, mode } = await lstat(path);
    expect({ ino, mtimeMs, mode }).toEqual({ ino: before.ino, mtimeMs: before.mtimeMs, mode: before.mode });
  });

  it.each(cases)('%s: the lock file', async (_, message, damage) => {
    const { directory, store } = await withToken();
    await damage(join(directory, `${theKey}.lock`));
    expect(await refusal(store.withLock(theKey, waiting(), async () => {}))).toMatch(message);
    expect((await store.get(theKey))?.token.accessToken).toBe('the secret token');
    await damage(join(directory, `${theKey}.write.lock`));
    expect(await refusal(store.set(theKey, aToken('new', 2 ** 52)))).toMatch(message);
  });

  it.runIf(process.getuid?.() === 0)('that belongs to another user', async () => {
    const { path, store } = await withToken();
    await chown(path, 12_345, 12_345);
    expect(await refusal(store.get(theKey))).toMatch(/belongs to user 12345/);
    expect(await readFile(path, 'utf8')).toContain('the secret token');
  });
});

describe('fileStore', () => {
  it('refuses a key that leads out of the directory, and an invalid fence', async () => {
    const { store } = await withToken();
    for (const key of ['../x', '', 'a/b', 'a.b', 'x'.repeat(101)]) {
      expect(await refusal(store.get(key))).toMatch(/^a key must/);
    }
    for (const fence of [0, 1.5, Number.NaN, 2 ** 60]) {
      expect(await refusal(store.set(theKey, aToken('new', fence)))).toMatch(/^the fence must/);
    }
  });

  it('throws one error that lists every invalid option', () => {
    const bad = { directory: '', encryptionKey: 'key', lock: 'flock' } as unknown as FileStoreOptions;
    expect(() => fileStore(bad)).toThrow(ConfigurationError);
    expect(() => fileStore(bad)).toThrow(/directory must.*encryptionKey must.*lock must/);
  });

  it('rejects all calls and waits and releases all locks after close', async () => {
    const { directory, store } = await withToken();
    let release = () => {};
    let held: Promise<void> = Promise.resolve();
    await new Promise<void>((acquired) => {
      held = store.withLock(theKey, waiting(), () => {
        acquired();
        return new Promise<void>((resolve) => (release = resolve));
      });
    });
    const queued = store.withLock(theKey, waiting(), async () => {});
    await new Promise((resolve) => setTimeout(resolve, 30));
    const refused = refusal(queued);
    await store.close();
    expect(await refused).toMatch(/is closed/);
    expect(await refusal(store.get(theKey))).toMatch(/is closed/);
    const next = fileStore({ directory, lock: 'kernel' });
    expect(await next.withLock(theKey, waiting(), async () => 'free')).toBe('free');
    release();
    await held;
  });
});
