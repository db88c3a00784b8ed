import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refuseExisting, setAside } from '../../../src/batch/files/set-aside.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';

describe('setAside', () => {
  it('gives all files the same number, the first one that is free for all of them', async () => {
    const directory = await temporaryDirectory();
    const paths = ['out', 'out.checkpoint', 'out.journal'].map((name) => join(directory, name));
    for (let time = 1; time <= 11; time++) {
      await writeFile(join(directory, 'out'), `output ${time}`);
      // A missing file is skipped.
      if (time % 2) await writeFile(join(directory, 'out.checkpoint'), `checkpoint ${time}`);
      await setAside(paths);
    }
    const names = await readdir(directory);
    expect(names).toHaveLength(11 + 6);
    for (let time = 1; time <= 11; time++) {
      expect(await readFile(join(directory, `out.old-${time}`), 'utf8')).toBe(`output ${time}`);
      if (time % 2) {
        expect(await readFile(join(directory, `out.checkpoint.old-${time}`), 'utf8')).toBe(
          `checkpoint ${time}`,
        );
      }
    }
  });

  it('overwrites neither an earlier renamed file nor a broken symbolic link', async () => {
    const directory = await temporaryDirectory();
    const [out, checkpoint] = [join(directory, 'out'), join(directory, 'out.checkpoint')];
    await writeFile(out, 'now');
    await writeFile(`${checkpoint}.old-1`, 'earlier');
    await symlink(join(directory, 'nowhere'), `${out}.old-2`);
    await setAside([out, checkpoint]);
    expect((await readdir(directory)).sort()).toEqual(['out.checkpoint.old-1', 'out.old-2', 'out.old-3']);
  });

  it('does nothing if no file exists', async () => {
    const directory = await temporaryDirectory();
    await setAside([join(directory, 'a'), join(directory, 'b')]);
    expect(await readdir(directory)).toEqual([]);
  });

  it('renames nothing if one path is a directory or a device', async () => {
    const directory = await temporaryDirectory();
    const [file, folder] = [join(directory, 'file'), join(directory, 'folder')];
    await writeFile(file, 'x');
    await mkdir(folder);
    expect((await failure(setAside([file, folder]), 'ERR_OUTPUT')).message).toMatch(/is a directory/);
    await failure(setAside([file, '/dev/null']), 'ERR_OUTPUT');
    expect((await readdir(directory)).sort()).toEqual(['file', 'folder']);
  });
});

describe('refuseExisting', () => {
  it('accepts a missing file and an empty file', async () => {
    const directory = await temporaryDirectory();
    await refuseExisting(join(directory, 'none'));
    await writeFile(join(directory, 'empty'), '');
    await refuseExisting(join(directory, 'empty'));
  });

  it('rejects a file with content, a directory and a device', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'file'), 'x');
    const error = await failure(refuseExisting(join(directory, 'file')), 'ERR_OUTPUT_EXISTS');
    expect(error.resumable).toBe(false);
    expect(error.message).toMatch(/restart/);
    expect((await failure(refuseExisting(directory), 'ERR_OUTPUT')).message).toMatch(/is a directory/);
    await failure(refuseExisting('/dev/null'), 'ERR_OUTPUT');
    await failure(refuseExisting(join(directory, 'file', 'x')), 'ERR_OUTPUT');
  });
});
