import { toJson } from '../json/to-json.ts';
import { badInput, type InputRecord, type RecordInput } from './input.ts';
import { inputChanged } from './prefix-digest.ts';
import { sentId } from './repeated-ids.ts';
import { type ImportState, type Mark, type RecordState, readFrom } from './state.ts';
import type { ImportTarget } from './target.ts';

/** A record of the input and its number in the input, counted from 0. */
export type NumberedRecord = InputRecord & { readonly number: number };

/** Records that are sent together. */
export interface Batch {
  readonly records: readonly NumberedRecord[];
  /** The states of the records, if an earlier run began the batch. */
  readonly states?: readonly RecordState[] | undefined;
  /** The position after the batch. */
  readonly end: Mark;
}

interface BatchLimits {
  /** The records of a batch have different ids. */
  target: Pick<ImportTarget, 'idOf' | 'problem'>;
  /** At least 1. */
  maxRecords: number;
  /** Size as JSON; a larger record is sent in a batch of its own. */
  maxBytes: number;
  /** Whether a bad record ends the import. */
  stopAtBad: boolean;
  /** Called with a last record that is not finished. Such a record is not part of a batch. */
  onUnfinished(record: InputRecord): void;
}

/**
 * Cuts an input into batches, in input order. Batches that an earlier run began but did not finish come first, with the same records.
 *
 * @throws BatchError `ERR_INPUT` at a bad record; the records before it in the same batch are left for the next run.
 */
export async function* cutBatches(
  input: RecordInput,
  state: Readonly<ImportState>,
  { target, maxRecords, maxBytes, stopAtBad, onUnfinished }: BatchLimits,
): AsyncGenerator<Batch, void> {
  const begun = state.open.map(({ states }) => [...states]);
  const { record, ...position } = readFrom(state);
  let number = record;
  let records: NumberedRecord[] = [];
  let bytes = 0;
  const ids = new Set<string>();

  const cut = (states?: RecordState[]): Batch => {
    const last = records.at(-1) as NumberedRecord;
    const batch = { records, states, end: { ...last.end, record: last.number + 1 } };
    records = [];
    bytes = 0;
    ids.clear();
    return batch;
  };

  for await (const one of input.read(position)) {
    const numbered = { ...one, number: number++ };
    const states = begun[0];
    if (states) {
      records.push(numbered);
      if (records.length === states.length) yield cut(begun.shift());
    } else if (one.unfinished) {
      onUnfinished(one);
    } else {
      // A row of a rejects file has stopped an import before.
      if (one.bad && stopAtBad && !one.list) throw badInput(input.path, one.line, one.start, one.bad.reason);
      const size = Buffer.byteLength(one.bad ? one.bad.text : toJson(one.value));
      // Lines with the same record must not be sent together: once one is accepted, the others are not sent.
      const isCopy = one.fed !== undefined && records.some(({ fed }) => fed?.key === one.fed?.key);
      const id = sentId(numbered, target);
      const isRepeated = id !== undefined && ids.has(id);
      if (records.length > 0 && (isCopy || isRepeated || bytes + size > maxBytes)) yield cut();
      if (id !== undefined) ids.add(id);
      records.push(numbered);
      bytes += size;
      if (records.length >= maxRecords) yield cut();
    }
  }
  if (begun.length > 0) throw inputChanged(input.path, `it ends after ${number} records`);
  if (records.length > 0) yield cut();
}
