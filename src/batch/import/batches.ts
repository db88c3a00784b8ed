import { toJson } from '../json/to-json.ts';
import { badInput, type InputRecord, type RecordInput } from './input.ts';
import { inputChanged } from './prefix-digest.ts';
import { type ImportState, type Mark, type RecordState, readFrom } from './state.ts';
import type { ImportTarget } from './target.ts';

/** A record of the input, with what the target says about it. */
export interface NumberedRecord extends InputRecord {
  /** The number of the record in the input, counted from 0. */
  readonly number: number;
  /** Why the record cannot be sent, because it cannot be read or the target refuses it. */
  readonly problem?: string | undefined;
  /** The id with which the record is sent, if any. */
  readonly id?: string | undefined;
}

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
  const keys = new Set<string>();

  const cut = (states?: RecordState[]): Batch => {
    const last = records.at(-1) as NumberedRecord;
    const batch = { records, states, end: { ...last.end, record: last.number + 1 } };
    records = [];
    bytes = 0;
    keys.clear();
    return batch;
  };

  for await (const one of input.read(position)) {
    const states = begun[0];
    if (states) {
      records.push(inspect(one, number++, target));
      if (records.length === states.length) yield cut(begun.shift());
    } else if (one.unfinished) {
      onUnfinished(one);
    } else {
      // A row of a rejects file has stopped an import before.
      if (one.bad && stopAtBad && !one.list) throw badInput(input.path, one.line, one.start, one.bad.reason);
      const size = Buffer.byteLength(one.bad ? one.bad.text : toJson(one.value));
      const next = inspect(one, number++, target);
      // Lines with the same record must not be sent together: once one is accepted, the others are not sent.
      const own = [next.fed && `record ${next.fed.key}`, next.id && `id ${next.id}`].filter(
        (key) => key !== undefined,
      );
      const isRepeated = own.some((key) => keys.has(key));
      if (records.length > 0 && (isRepeated || bytes + size > maxBytes)) yield cut();
      for (const key of own) keys.add(key);
      records.push(next);
      bytes += size;
      if (records.length >= maxRecords) yield cut();
    }
  }
  if (begun.length > 0) throw inputChanged(input.path, `it ends after ${number} records`);
  if (records.length > 0) yield cut();
}

function inspect(
  record: InputRecord,
  number: number,
  { problem, idOf }: BatchLimits['target'],
): NumberedRecord {
  const why = record.bad?.reason ?? problem?.(record.value);
  return { ...record, number, problem: why, id: why === undefined ? idOf?.(record.value) : undefined };
}
