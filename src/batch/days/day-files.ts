import { access, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../core/node/index.ts';
import type { Subject } from '../checkpoint.ts';
import { loadState } from '../export/saved-export.ts';
import type { ExportState } from '../export/state.ts';
import { fileError } from '../files/file-error.ts';
import { refuseExisting, setAside } from '../files/set-aside.ts';

/**
 * The files of a day. A day is exported to `unfinished`. When the day is complete, `unfinished` is renamed to `path`, and then its checkpoint.
 * A complete checkpoint therefore belongs to a complete file.
 */
export interface DayFiles {
  readonly path: string;
  readonly checkpoint: string;
  readonly unfinished: string;
  readonly unfinishedCheckpoint: string;
}

export function filesOf(path: string): DayFiles {
  const unfinished = `${path}.unfinished`;
  return {
    path,
    checkpoint: `${path}.checkpoint`,
    unfinished,
    unfinishedCheckpoint: `${unfinished}.checkpoint`,
  };
}

/**
 * Returns the state of an export whose file was renamed by a run that ended before it renamed the checkpoint.
 *
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`, `ERR_CHECKPOINT_MISMATCH`
 */
export async function halfPublished(files: DayFiles, subject: Subject): Promise<ExportState | undefined> {
  const { path, unfinished, unfinishedCheckpoint } = files;
  if ((await exists(unfinished)) || !(await exists(path))) return undefined;
  const state = await loadState(unfinishedCheckpoint, subject);
  return state?.complete ? state : undefined;
}

/** Renames the checkpoint of a file that was renamed already. */
export async function publishCheckpoint({ checkpoint, unfinishedCheckpoint }: DayFiles): Promise<void> {
  await renameDurably(unfinishedCheckpoint, checkpoint);
}

/** Renames a complete file to the name of the day. @param keepsOld renames an earlier file instead of replacing it. */
export async function publish(files: DayFiles, keepsOld: boolean): Promise<void> {
  if (keepsOld) await setAside([files.path, files.checkpoint]);
  await renameDurably(files.unfinished, files.path);
  await publishCheckpoint(files);
}

/** @throws BatchError `ERR_OUTPUT_EXISTS` if a file has the name of a day, but is not known to be its complete export. */
export function refuseForeign({ path, checkpoint }: DayFiles): Promise<void> {
  return refuseExisting(
    path,
    `but ${checkpoint} does not say that it is the complete export of a day. Choose another output, move the file away, or set restart ` +
      '(--restart), which renames it.',
  );
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The directory is written before the next rename, so that a power failure cannot reverse their order. */
async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: unknown) => {
    throw fileError(to, error);
  });
  await syncDirectory(dirname(to));
}
