import type { Json } from '../batch/index.ts';
import { type ExportState, parseCheckpoint } from '../batch/internal.ts';

/** How far a part is. */
export interface PartState {
  readonly records: number;
  readonly pages: number;
  readonly repeated: number;
  readonly total?: number | undefined;
  readonly complete: boolean;
  /** Where its records are; undefined as long as there is no checkpoint. */
  readonly position?: Json | undefined;
}

const NOTHING: PartState = { records: 0, pages: 0, repeated: 0, complete: false };

/**
 * Reads the checkpoint of a part.
 *
 * @param text undefined when there is none yet.
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`
 */
export function partState(label: string, text: string | undefined): PartState {
  if (text === undefined) return NOTHING;
  const { records, pages, repeated, total, complete, position } = parseCheckpoint<ExportState>(
    `of ${label}`,
    text,
  ).state;
  return {
    records,
    pages,
    repeated,
    complete,
    ...(total !== undefined && { total }),
    ...(position !== undefined && { position }),
  };
}
