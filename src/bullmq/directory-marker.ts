import { randomBytes } from 'node:crypto';
import { chmod, link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../batch/internal.ts';
import { DirectoryError } from './directory-error.ts';
import { folderOf, makeFolder } from './part-folder.ts';

/**
 * File in the folder of the parts that shows workers whether they share the directory. The first worker of an export creates the file and
 * records its content in Redis. A directory that is not shared or not mounted has no such file, or a file of another export.
 */
const MARKER = 'directory.id';

const ID = /^[0-9a-f]{32}$/;

/** Returns the content of the marker; undefined if there is none. @throws DirectoryError if the file cannot be read. */
export async function readMarker(directory: string, name: string): Promise<string | undefined> {
  const path = join(folderOf(directory, name), MARKER);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw problemOf(path, error);
  });
  const [id = ''] = text?.split('\n') ?? [];
  return ID.test(id) ? id : undefined;
}

/** Creates the marker, or returns the content of the marker that another worker has created. @throws DirectoryError */
export async function createMarker(directory: string, name: string): Promise<string> {
  const path = join(folderOf(directory, name), MARKER);
  const id = randomBytes(16).toString('hex');
  const unfinished = `${path}.${id}`;
  const text = `${id}\nExport workers compare this ID to check that they share the directory.\n`;
  try {
    await makeFolder(folderOf(directory, name));
    await writeFile(unfinished, text, { flag: 'wx' });
    // Workers of other users must be able to read the file, whatever the umask.
    await chmod(unfinished, 0o644);
    // A link never replaces the file of another worker, and never shows an incomplete file. A network file system may lack links.
    await link(unfinished, path).catch(() => writeFile(path, text, { flag: 'wx' }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw problemOf(path, error as Error);
  } finally {
    await rm(unfinished, { force: true }).catch(() => {});
  }
  const found = await readMarker(directory, name);
  if (found !== undefined) return found;
  throw problemOf(path, Object.assign(new Error('the file has another content'), { code: 'EINVAL' }));
}

export async function removeMarker(directory: string, name: string): Promise<void> {
  await rm(join(folderOf(directory, name), MARKER), { force: true });
}

/** Returns the error of a worker whose directory is not the directory of the first part of an export. @param first host of that part. */
export function notShared(directory: string, name: string, host: string, first: string): DirectoryError {
  const others =
    host === first
      ? `this host has begun ${name} in another directory`
      : `host ${first} exports ${name} into another directory`;
  const message =
    `the directory ${directory} of host ${host} is not the directory of the export: ${others}, because the file ${name}.parts/${MARKER} is ` +
    `missing here or has another ID. Mount the same directory on all hosts. If ${directory} of host ${host} is the right directory, or the ` +
    'file was removed, remove the export and submit it again.';
  return new DirectoryError(message, Object.assign(new Error(message), { code: 'ENOTSHARED' }));
}

function problemOf(path: string, error: Error): DirectoryError {
  const { message, cause } = fileError(path, error);
  return new DirectoryError(message, (cause as Error | undefined) ?? error);
}
