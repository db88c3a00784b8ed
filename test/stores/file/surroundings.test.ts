import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { fileStore } from '../../../src/stores/file/file-store.ts';
import { fileStoreScript, ownDirectory, waiting } from '../../support/file-store.ts';

const script = `${process.execPath} --import tsx`;

/** @returns what was said on both outputs. */
async function shell(command: string): Promise<{ stdout: string; stderr: string }> {
  const env = { ...process.env, script: fileStoreScript, node: script };
  // Several commands may fail, which is theirs to say.
  return promisify(execFile)('sh', ['-c', `${command}\n:`], { env });
}

/** Runs actions in a process in which a package cannot be loaded. */
async function without(name: string, directory: string, lock: string, actions: string) {
  const hook = `export const resolve = (name, context, next) => {
    if (name === '${name}') throw new Error('Cannot find package');
    return next(name, context);
  };`;
  const asUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
  const register = asUrl(`import { register } from 'node:module'; register(${JSON.stringify(asUrl(hook))});`);
  return shell(`printf '${actions}' | $node --import "${register}" $script ${directory} ${lock}`);
}

test('a full disk and a read-only one: the store says so, keeps the token and leaves nothing half written', async () => {
  const directory = await ownDirectory(onTestFinished);
  const disk = join(directory, 'disk');
  await mkdir(disk, { mode: 0o700 });
  const run = (actions: string) => `printf '${actions}' | $node $script ${disk} kernel`;
  // A small disk in a name space of its own goes away with its processes. Where that is forbidden, a limit does for it.
  const onDisk = `mount -t tmpfs -o size=64k,mode=700 none ${disk} && ${run('grow\\nread\\n')}
    mount -o remount,ro ${disk} && ${run('write\\nread\\nwork\\n')}`;
  const own = (await shell(`unshare -rm mount -t tmpfs none ${disk} && echo yes`)).stdout === 'yes\n';
  const said = (
    await shell(own ? `unshare -rm sh -c "${onDisk}"` : `ulimit -f 16; ${run('grow\\nread\\n')}`)
  ).stdout.split('\n');
  expect(said.slice(0, 5)).toEqual([
    'ready',
    expect.stringMatching(/\.json: the (disk is full|file is larger than).*The previous token is kept/),
    'the last is kept',
    '.json,.write.lock',
    'read: true',
  ]);
  if (!own) return;
  expect(said.slice(5)).toEqual([
    'ready',
    expect.stringMatching(/^failed: .*the file system is read-only/),
    'read: true',
    expect.stringMatching(/^failed: .*the file system is read-only/),
    '',
  ]);
});

test('without fs-native-extensions a lease is used, with one warning that says what to install', async () => {
  const directory = await ownDirectory(onTestFinished);
  const actions = 'work\\nwrite\\nwork\\nread\\n';
  const { stdout, stderr } = await without('fs-native-extensions', directory, 'best', actions);
  expect(stdout).toBe('ready\nworks: true\nwritten: true\nworks: true\nread: true\n');
  expect(stderr.match(/Warning: /g)).toHaveLength(1);
  expect(stderr).toMatch(
    /\[AXIOS_OAUTH_REFRESH_LEASE\] Warning: .*npm install fs-native-extensions.*lock: 'lease'/,
  );
});

test('without fs-native-extensions a lease that was chosen is no reason to warn', async () => {
  const directory = await ownDirectory(onTestFinished);
  const { stdout, stderr } = await without('fs-native-extensions', directory, 'lease', 'work\\n');
  expect([stdout, stderr]).toEqual(['ready\nworks: true\n', '']);
});

test('without fs-native-extensions the lock of the kernel, if chosen, is an error', async () => {
  const directory = await ownDirectory(onTestFinished);
  const { stdout, stderr } = await without('fs-native-extensions', directory, 'kernel', 'work\\nread\\n');
  expect(stdout).toMatch(
    /^ready\nfailed: fs-native-extensions.*npm install fs-native-extensions.*\nread: false\n$/,
  );
  expect(stderr).toBe('');
});

test('without write-file-atomic a write is an error that says what to install', async () => {
  const directory = await ownDirectory(onTestFinished);
  const { stdout } = await without('write-file-atomic', directory, 'kernel', 'write\\nread\\n');
  expect(stdout).toMatch(
    /^ready\nfailed: write-file-atomic.*npm install write-file-atomic@7\nread: false\n$/,
  );
});

test('many tokens at a time are no leak of listeners', async () => {
  const warnings: string[] = [];
  const note = ({ message }: Error) => void warnings.push(message);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  const store = fileStore({ directory: await ownDirectory(onTestFinished) });
  const keys = Array.from({ length: 30 }, (_, i) => `key-${i}`);
  const turns = keys.map((key) => store.withLock(key, waiting<string>(), async () => key));
  expect(await Promise.all(turns)).toEqual(keys);
  await store.close();
  expect(warnings).toEqual([]);
});
