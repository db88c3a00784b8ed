import { loadState } from '../export/saved-export.ts';
import type { ExportState } from '../export/state.ts';
import { exists, filesOf, halfPublished, refuseForeign } from './day-files.ts';
import type { Target } from './targets.ts';

/** The progress of the export of a day. */
export interface DayState {
  /** The state of the complete export, if an earlier run has completed the day. */
  readonly complete: ExportState | undefined;
  /** The day is complete, but its file no longer exists. */
  readonly isMissing: boolean;
  /** An earlier run has begun to export the day again, or ended before it had renamed all files of the day. */
  readonly isUnfinished: boolean;
}

/**
 * Reads the state of a day. Changes no file.
 *
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`, `ERR_CHECKPOINT_MISMATCH`, `ERR_OUTPUT_EXISTS`
 */
export async function dayState<Item>({ sink, subject }: Target<Item>): Promise<DayState> {
  if (sink.checkpoint) {
    const state = await loadState(sink.checkpoint, subject);
    return { complete: state?.complete ? state : undefined, isMissing: false, isUnfinished: false };
  }
  const files = filesOf(sink.path ?? '');
  const state = await loadState(files.checkpoint, subject);
  if (state?.complete) {
    const [isPresent, isUnfinished] = await Promise.all([
      exists(files.path),
      exists(files.unfinishedCheckpoint),
    ]);
    return { complete: state, isMissing: !isPresent, isUnfinished };
  }
  if (!(await halfPublished(files, subject))) await refuseForeign(files);
  return { complete: undefined, isMissing: false, isUnfinished: true };
}
