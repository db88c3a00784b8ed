import { copyFile, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../batch/internal.ts';
import { syncDirectory } from '../core/node/index.ts';
import { folderOf, makeFolder } from './part-folder.ts';
import type { PartName } from './part-store.ts';

/** A part that a worker has claimed. */
interface ClaimedPart extends PartName {
  readonly fence: string;
  /** Fence of the worker that saved the checkpoint of the part; undefined if there is none. */
  readonly savedBy: string | undefined;
}

const JOURNAL = /^\d+\.\d+\.journal$/;

/**
 * Prepares the journal of a part, with the ids of the records that earlier workers have written. Each worker writes a copy of its own,
 * because a worker that was presumed dead may still append to its file.
 *
 * @returns the path, for the run that continues the part.
 */
export async function inheritJournal(directory: string, part: ClaimedPart): Promise<string> {
  const folder = folderOf(directory, part.name);
  const pathOf = (fence: string) => join(folder, `${part.part}.${fence}.journal`);
  const path = pathOf(part.fence);
  await makeFolder(folder);
  if (part.savedBy !== undefined) {
    // A missing file is an error only if the checkpoint refers to it, which the run checks.
    await copyFile(pathOf(part.savedBy), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw fileError(path, error);
    });
    await syncDirectory(folder);
  }
  return path;
}

/** Removes the journals of a complete export, which workers that were killed have left. */
export async function removeJournals(directory: string, name: string): Promise<void> {
  const folder = folderOf(directory, name);
  const names = await readdir(folder).catch((): string[] => []);
  for (const file of names) if (JOURNAL.test(file)) await rm(join(folder, file), { force: true });
  await rmdir(folder).catch(() => {});
}
