import { rm } from 'node:fs/promises';
import { saveCheckpoint } from '../checkpoint.ts';
import { START } from '../export/state.ts';
import { fileError } from '../files/file-error.ts';
import { filesOf } from './day-files.ts';
import type { PlannedDay } from './plan.ts';
import type { Target } from './targets.ts';

/**
 * Begins to export complete days again, by the checkpoint of an export that has not begun. A run that is killed while it exports new days
 * would otherwise forget the oldest of these days: for the next run, other days are the last complete ones.
 */
export async function beginAgain<Item>(pending: readonly PlannedDay<Item>[]): Promise<void> {
  for (const day of pending) {
    if (!day.state?.complete || day.state.isUnfinished) continue;
    // The export of the day will report the same problem, after the new days.
    await saveStart(day).catch(() => {});
  }
}

/** Starts the export of a day over whose unfinished file was removed, or does not exist yet. @throws BatchError `ERR_OUTPUT` */
export async function startRemoved<Item>(target: Target<Item>): Promise<void> {
  const journal = `${filesOf(target.sink.path ?? '').unfinishedCheckpoint}.journal`;
  await rm(journal, { force: true }).catch((error: unknown) => {
    throw fileError(journal, error);
  });
  // Do not remove the checkpoint: if the run is killed now, the checkpoint says that the day must be exported again.
  await saveStart(target);
}

function saveStart<Item>({ sink, subject }: Target<Item>): Promise<void> {
  return saveCheckpoint(sink.checkpoint ?? filesOf(sink.path ?? '').unfinishedCheckpoint, subject, START);
}
