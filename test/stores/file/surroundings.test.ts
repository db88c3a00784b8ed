import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fileStore } from '../../../src/stores/file/file-store.ts';
import { fileStoreScript, ownDirectory, waiting } from '../../support/file-store.ts';

const script = `${process.execPath} --import tsx`;

/** Runs a shell command and returns both outputs. */
async function shell(command: string): Promise<{ stdout: string; stderr: string }> {
  const env = { ...process.env, script: fileStoreScript, node: script };
  // The output shows whether a command failed, so ignore its exit code.
  return promisify(execFile)('sh', ['-c', `${command}\n:`], { env });
}

/** Runs actions in a process that cannot load a package. */
async function runWithout(name: string, directory: string, lock: string, actions: string) {
  const hook = `export const resolve = (name, context, next) => {
    if (name === '${name}') throw new Error('Cannot find package');
    return next(name, context);
  };`;
  const asUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
  const register = asUrl(`import { register } from 'node:module'; register(${JSON.stringify(asUrl(hook))});`);
  return shell(`printf '${actions}' | $node --import "${register}" $script ${directory} ${lock}`);
}

describe('fileStore', () => {
  it('reports a full or read-only disk, keeps the token and leaves no partial file', async () => {
    const directory = await ownDirectory(onTestFinished);
    const disk = join(directory, 'disk');
    await mkdir(disk, { mode: 0o700 });
    const run = (actions: string) => `printf '${actions}' | $node $script ${disk} kernel`;
    // A small disk in a separate namespace disappears with its processes. Without the permission to mount, limit the file size.
    const onDisk = `mount -t tmpfs -o size=64k,mode=700 none ${disk} && ${run('grow\\nread\\n')}
    mount -o remount,ro ${disk} && ${run('write\\nread\\nwork\\n')}`;
    const mayMount = (await shell(`unshare -rm mount -t tmpfs none ${disk} && echo yes`)).stdout === 'yes\n';
    const lines = (
      await shell(mayMount ? `unshare -rm sh -c "${onDisk}"` : `ulimit -f 16; ${run('grow\\nread\\n')}`)
    ).stdout.split('\n');
    expect(lines.slice(0, 5)).toEqual([
      'ready',
      expect.stringMatching(/\.json: the (disk is full|file is larger than).*The previous token is kept/),
      'the last token is stored',
      '.json,.write.lock',
      'read: true',
    ]);
    if (!mayMount) return;
    expect(lines.slice(5)).toEqual([
      'ready',
      expect.stringMatching(/^failed: .*the file system is read-only/),
      'read: true',
      expect.stringMatching(/^failed: .*the file system is read-only/),
      '',
    ]);
  });

  it('uses a lease without fs-native-extensions, and prints one warning that says what to install', async () => {
    const directory = await ownDirectory(onTestFinished);
    const actions = 'work\\nwrite\\nwork\\nread\\n';
    const { stdout, stderr } = await runWithout('fs-native-extensions', directory, 'best', actions);
    expect(stdout).toBe('ready\nworks: true\nwritten: true\nworks: true\nread: true\n');
    expect(stderr.match(/Warning: /g)).toHaveLength(1);
    expect(stderr).toMatch(
      /\[AXIOS_OAUTH_REFRESH_LEASE\] Warning: .*npm install fs-native-extensions.*lock: 'lease'/,
    );
  });

  it('prints no warning without fs-native-extensions if the lease was chosen', async () => {
    const directory = await ownDirectory(onTestFinished);
    const { stdout, stderr } = await runWithout('fs-native-extensions', directory, 'lease', 'work\\n');
    expect([stdout, stderr]).toEqual(['ready\nworks: true\n', '']);
  });

  it('rejects without fs-native-extensions if the kernel lock was chosen, and says what to install', async () => {
    const directory = await ownDirectory(onTestFinished);
    const { stdout, stderr } = await runWithout(
      'fs-native-extensions',
      directory,
      'kernel',
      'work\\nread\\n',
    );
    expect(stdout).toMatch(
      /^ready\nfailed: fs-native-extensions.*npm install fs-native-extensions.*\nread: false\n$/,
    );
    expect(stderr).toBe('');
  });

  it('acquires 30 locks at the same time without a warning about leaked listeners', async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => void warnings.push(message);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const store = fileStore({ directory: await ownDirectory(onTestFinished) });
    const keys = Array.from({ length: 30 }, (_, i) => `key-${i}`);
    const results = keys.map((key) => store.withLock(key, waiting<string>(), async () => key));
    expect(await Promise.all(results)).toEqual(keys);
    await store.close();
    expect(warnings).toEqual([]);
  });
});
