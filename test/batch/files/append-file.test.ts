import { spawn } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openAppendFile } from '../../../src/batch/files/append-file.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';

const script = fileURLToPath(new URL('../../support/append-script.ts', import.meta.url));

async function filePath(): Promise<string> {
  return join(await temporaryDirectory(), 'out');
}

/** Root may write anywhere, so as root the script runs as another user. */
const NOBODY = process.getuid?.() === 0 ? ['65534'] : [];

/** Runs a shell command, in which `$export` is the script, and returns its output. */
async function shell(command: string): Promise<string> {
  const child = spawn('sh', ['-c', command], {
    env: { ...process.env, export: `${process.execPath} --import tsx ${script}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  await new Promise((resolve) => child.once('close', resolve));
  return output;
}

describe('openAppendFile', () => {
  it('creates a file, appends text and bytes, and counts its length in bytes', async () => {
    const path = await filePath();
    const file = await openAppendFile(path, 0);
    expect(file.length).toBe(0);
    await file.append('ünï');
    await file.append(Buffer.from([1, 2]));
    await file.append('');
    await file.sync();
    expect(file.length).toBe(7);
    await file.close();
    expect(await readFile(path)).toEqual(Buffer.concat([Buffer.from('ünï'), Buffer.from([1, 2])]));
  });

  it('truncates a file to the given length, and appends there', async () => {
    const path = await filePath();
    await writeFile(path, 'kept|cut off');
    const file = await openAppendFile(path, 5);
    expect((await stat(path)).size).toBe(5);
    await file.append('new');
    await file.close();
    expect(await readFile(path, 'utf8')).toBe('kept|new');
    await (await openAppendFile(path, 0)).close();
    expect((await stat(path)).size).toBe(0);
  });

  it('follows a symbolic link, and creates a file with the given mode', async () => {
    const path = await filePath();
    await symlink(`${path}.target`, path);
    const file = await openAppendFile(path, 0, 0o600);
    await file.append('x');
    await file.close();
    expect(await readFile(`${path}.target`, 'utf8')).toBe('x');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('rejects a file that is missing or shorter than expected, and does not change it', async () => {
    const path = await filePath();
    await writeFile(path, 'four');
    expect((await failure(openAppendFile(path, 5), 'ERR_OUTPUT_SHORT')).message).toMatch(
      /has 4 bytes, but its checkpoint says 5.*restart/,
    );
    expect(await readFile(path, 'utf8')).toBe('four');
    const gone = `${path}.gone`;
    expect((await failure(openAppendFile(gone, 1), 'ERR_OUTPUT_SHORT')).message).toContain('has 0 bytes');
    expect(await readdir(join(path, '..'))).toEqual(['out']);
  });

  it('rejects a missing directory, a file as directory, and a directory or a device as file', async () => {
    const path = await filePath();
    await writeFile(path, '');
    const directory = join(path, '..');
    await mkdir(join(directory, 'folder'));
    for (const [name, message] of [
      ['missing/out', /the directory .*missing does not exist/],
      ['out/out', /out is not a directory/],
      ['folder', /is a directory/],
    ] as const) {
      expect((await failure(openAppendFile(join(directory, name), 0), 'ERR_OUTPUT')).message).toMatch(
        message,
      );
    }
    expect((await failure(openAppendFile('/dev/null', 0), 'ERR_OUTPUT')).message).toMatch(
      /a device or a pipe/,
    );
  });

  it('writes at its own position if two writers append to one file', async () => {
    const path = await filePath();
    const [one, other] = [await openAppendFile(path, 0), await openAppendFile(path, 0)];
    await one.append('abc');
    await other.append('abcdef');
    await one.append('def');
    expect(await readFile(path, 'utf8')).toBe('abcdef');
    await one.close();
    await other.close();
  });
});

// 10 records are about a kilobyte.
describe('when the system stops an export', () => {
  it('keeps the written records at a file size limit, and resumes to the same file without the limit', async () => {
    const directory = await temporaryDirectory();
    const [path, whole] = [join(directory, 'out'), join(directory, 'whole')];
    // In blocks of 512 bytes: room for 9 pages and a part of page 10.
    expect(await shell(`ulimit -f 20; $export ${path} 40`)).toMatch(
      /^ERR_OUTPUT true .*out: the file is larger than/,
    );
    expect((await stat(path)).size).toBe(20 * 512);
    const lines = (await readFile(path, 'utf8')).split('\n');
    expect(() => JSON.parse(lines.at(-1) ?? '')).toThrow();
    const output = await shell(`$export ${path} 40; $export ${whole} 40`);
    expect(output).toBe('complete 400\ncomplete 400\n');
    expect(await readFile(path, 'utf8')).toBe(await readFile(whole, 'utf8'));
  });

  it('reports a full disk, leaves no lock, and resumes once there is space', async () => {
    const directory = await temporaryDirectory();
    const disk = join(directory, 'disk');
    await mkdir(disk);
    // A small disk in its own namespace disappears with its processes. If that is forbidden, use a file size limit.
    const onDisk = `mount -t tmpfs -o size=64k none ${disk} && $export ${disk}/out 400; ls ${disk}
      mount -o remount,size=4m ${disk} && $export ${disk}/out 400 && cp ${disk}/out ${directory}/out`;
    const onLimit = `(ulimit -f 128; $export ${disk}/out 400); ls ${disk}
      $export ${disk}/out 400 && cp ${disk}/out ${directory}/out`;
    const own = (await shell(`unshare -rm mount -t tmpfs none ${disk} && echo yes`)) === 'yes\n';
    const output = await shell(own ? `unshare -rm sh -c '${onDisk}'` : onLimit);
    expect(output).toMatch(
      /^ERR_OUTPUT true .*(the disk is full|larger than).*\nout\nout.checkpoint\nout.checkpoint.journal\ncomplete 4000\n$/,
    );
    expect(await shell(`$export ${directory}/whole 400`)).toBe('complete 4000\n');
    expect(await readFile(`${directory}/out`, 'utf8')).toBe(await readFile(`${directory}/whole`, 'utf8'));
  });

  it('reports a directory or a checkpoint without permission', async () => {
    const [closed, open] = [await temporaryDirectory(), await temporaryDirectory()];
    await chmod(closed, 0o555);
    await writeFile(join(open, 'out.checkpoint'), '{}', { mode: 0 });
    await chmod(open, 0o777);
    const output = await Promise.all([closed, open].map((path) => shell(`$export ${path}/out 1 ${NOBODY}`)));
    await chmod(closed, 0o755);
    expect(output[0]).toMatch(/^ERR_OUTPUT true .*permission denied/);
    expect(output[1]).toMatch(/^ERR_OUTPUT true .*checkpoint: permission denied/);
    expect(await readdir(closed)).toEqual([]);
    expect(await readdir(open)).toEqual(['out.checkpoint']);
  });
});
