import { randomUUID } from 'node:crypto';
import type { InputPosition } from './input.ts';

/** A position in the input with its record number. */
export interface Mark extends InputPosition {
  /** Number of records before the position, which is the number of the next record. */
  readonly record: number;
}

/** The state of a record of a batch. */
export type RecordState =
  /** Not sent, or sent and surely not executed. */
  | 'waiting'
  /** Sent, with an unknown outcome. */
  | 'sent'
  /** Accepted, rejected or unresolved. */
  | 'settled';

/** A batch that has begun and is not finished, or that follows an unfinished batch. */
interface OpenBatch {
  readonly from: Mark;
  readonly states: RecordState[];
}

/** The state of an import: loaded from the checkpoint, then updated by the entries of the journal. */
export interface ImportState {
  /** Identifies the import in the lines of its lists. Undefined if version 0.4 began the import. */
  readonly id?: string | undefined;
  /** Number of the last journal entry that the state includes. */
  entry: number;
  /** The end of the last batch that has begun, and the SHA-256 of the input up to there. */
  begun: Mark & { readonly digest: string };
  /** Unfinished batches, in input order. */
  open: OpenBatch[];
  /** Number of finished batches. */
  batches: number;
  accepted: number;
  rejected: number;
  unresolved: number;
  /** Offset up to which the import is complete; null if batches are open. Version 0.4 wrote the size of the input. */
  completeAt: number | null;
  /** Lines that may be missing in their files, because no entry says that the files have them. A checkpoint never has such lines. */
  unlisted?: NewLines | undefined;
}

/** Lines to append, by the file. */
export interface NewLines {
  readonly rejects?: string | undefined;
  readonly unresolved?: string | undefined;
  /** Lines for the logs of imported lists, by the path of the log. */
  readonly logs?: Readonly<Record<string, string>> | undefined;
}

/** Record numbers from the first (inclusive) to the second (exclusive). */
export type Range = readonly [number, number];

/** One event of an import. */
export type Entry =
  | { readonly type: 'begun'; readonly end: ImportState['begun'] }
  | { readonly type: 'sent' | 'withdrawn'; readonly records: readonly Range[] }
  | ({ readonly type: 'settled'; readonly records: readonly Range[]; readonly lines?: NewLines } & Totals)
  /** The files have the lines of the last `settled` entry. */
  | { readonly type: 'listed' };

/** Counts after an entry. */
type Totals = Pick<ImportState, 'accepted' | 'rejected' | 'unresolved'>;

/** Returns the state of an import that has not begun. */
export function startState(): ImportState {
  return {
    id: randomUUID().slice(-12),
    entry: 0,
    begun: { record: 0, offset: 0, line: 0, digest: '' },
    open: [],
    batches: 0,
    accepted: 0,
    rejected: 0,
    unresolved: 0,
    completeAt: null,
  };
}

/** Applies an entry of the journal to a state. */
export function applyEntry(state: ImportState, entry: Entry): void {
  state.entry++;
  if (entry.type === 'listed') {
    state.unlisted = undefined;
    return;
  }
  if (entry.type === 'begun') {
    const { digest, ...from } = state.begun;
    state.open.push({ from, states: new Array(entry.end.record - from.record).fill('waiting') });
    state.begun = entry.end;
    state.completeAt = null;
    return;
  }
  const becomes = entry.type === 'withdrawn' ? 'waiting' : entry.type;
  for (const [from, to] of entry.records) {
    for (let number = from; number < to; number++) setState(state, number, becomes);
  }
  if (entry.type !== 'settled') return;
  const { accepted, rejected, unresolved, lines: unlisted } = entry;
  Object.assign(state, { accepted, rejected, unresolved, unlisted });
  while (state.open[0]?.states.every((one) => one === 'settled')) {
    state.open.shift();
    state.batches++;
  }
}

function setState({ open }: ImportState, number: number, becomes: RecordState): void {
  const batch = open.find(
    ({ from, states }) => number >= from.record && number < from.record + states.length,
  );
  if (batch) batch.states[number - batch.from.record] = becomes;
}

/** Whether no record is settled and every record may be sent again. */
export function nothingDone({ open, batches, completeAt }: ImportState): boolean {
  const untouched = open.every(({ states }) => states.every((one) => one === 'waiting'));
  return completeAt === null && batches === 0 && untouched;
}

/** Returns the position to read from. All records before it are settled. */
export function readFrom({ open, begun }: ImportState): Mark {
  return open[0]?.from ?? begun;
}

/** Converts ascending numbers into ranges. */
export function toRanges(numbers: readonly number[]): Range[] {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last?.[1] === number) last[1]++;
    else ranges.push([number, number + 1]);
  }
  return ranges;
}
