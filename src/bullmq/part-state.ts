import type { Json } from '../batch/index.ts';
import { CHECKPOINT_VERSION, type ExportState, parseCheckpoint } from '../batch/internal.ts';
import type { ExportKeys } from './keys.ts';
import type { Ledger } from './ledger.ts';
import { type Outcome, readOutcome } from './outcome.ts';

/** Progress of a part. */
export interface PartState {
  readonly records: number;
  readonly pages: number;
  readonly repeated: number;
  /** Records that the source does not count as part of the export. */
  readonly outside: number;
  readonly total?: number | undefined;
  readonly complete: boolean;
  /** Position of the part's records in the part store; undefined before the first checkpoint. */
  readonly position?: Json | undefined;
  /** Undefined if a worker of an older version saved the checkpoint. */
  readonly outcome?: Outcome | undefined;
}

const NOT_STARTED: PartState = { records: 0, pages: 0, repeated: 0, outside: 0, complete: false };

/**
 * Reads the checkpoint of a part.
 *
 * @param text undefined before the first checkpoint.
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`
 */
export function partState(label: string, text: string | undefined): PartState {
  if (text === undefined) return NOT_STARTED;
  const { state } = parseCheckpoint<ExportState>(`of ${label}`, text);
  const { records, pages, repeated, outside = 0, total, complete, position } = state;
  const outcome = readOutcome(state);
  return {
    records,
    pages,
    repeated,
    outside,
    complete,
    ...(total !== undefined && { total }),
    ...(position !== undefined && { position }),
    ...(outcome && { outcome }),
  };
}

/** Reads the states of the first parts of an export. @param count how many parts. @throws BatchError `ERR_CHECKPOINT_DAMAGED` */
export async function readStates(
  { name, keys, ledger }: { name: string; keys: ExportKeys; ledger: Ledger },
  count: number,
): Promise<PartState[]> {
  const texts = await ledger.checkpoints(keys.parts(count));
  return texts.map((text, part) => partState(`part ${part} of ${name}`, text));
}

/**
 * Returns whether a part must start over, because a worker of an older version has exported only some of its records: its checkpoint has
 * neither the ids nor the counts to continue with.
 *
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`
 */
export function mustStartOver(name: string, text: string): boolean {
  const { version, state } = parseCheckpoint<ExportState>(name, text);
  return version < CHECKPOINT_VERSION && !state.complete;
}
