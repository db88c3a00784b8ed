import type { InputPosition } from './input.ts';

/** A place in the input that an import got to. */
export interface Mark extends InputPosition {
  /** Records before it: the number of the record behind it, from 0. */
  readonly record: number;
}

/** What is known of a record of a batch. */
export type RecordState =
  /** It was not sent, or what was sent was surely not carried out. */
  | 'waiting'
  /** It was sent, and no answer is known. */
  | 'sent'
  /** It was accepted, rejected or given up as unresolved. */
  | 'settled';

/** A batch that was begun and is not done, or that stands behind one. */
interface OpenBatch {
  readonly from: Mark;
  readonly states: RecordState[];
}

/** How far an import is: what its checkpoint keeps, brought up to date by the entries of its journal. */
export interface ImportState {
  /** Number of the last entry of the journal that is in it. */
  entry: number;
  /** Where the last batch ends that was begun, and the SHA-256 of the input up to there. */
  begun: Mark & { readonly digest: string };
  /** In the order of the input. */
  open: OpenBatch[];
  /** Batches that are done. */
  batches: number;
  accepted: number;
  rejected: number;
  unresolved: number;
  /** Length of the rejects file. */
  rejectsLength: number;
  unresolvedLength: number;
  /** The length of the input when all of it was done. */
  completeAt: number | null;
}

/** Numbers of records from the first to before the second. */
export type Range = readonly [number, number];

/** One thing that happened. */
export type Entry =
  | { readonly type: 'begun'; readonly end: ImportState['begun'] }
  | { readonly type: 'sent' | 'withdrawn'; readonly records: readonly Range[] }
  | ({ readonly type: 'settled'; readonly records: readonly Range[] } & Totals);

/** Counts and file lengths after an entry. */
type Totals = Pick<
  ImportState,
  'accepted' | 'rejected' | 'unresolved' | 'rejectsLength' | 'unresolvedLength'
>;

/** The state in which nothing was done. */
export function startState(): ImportState {
  return {
    entry: 0,
    begun: { record: 0, offset: 0, line: 0, digest: '' },
    open: [],
    batches: 0,
    accepted: 0,
    rejected: 0,
    unresolved: 0,
    rejectsLength: 0,
    unresolvedLength: 0,
    completeAt: null,
  };
}

/** Brings a state up to date. */
export function applyEntry(state: ImportState, entry: Entry): void {
  state.entry++;
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
  const { accepted, rejected, unresolved, rejectsLength, unresolvedLength } = entry;
  Object.assign(state, { accepted, rejected, unresolved, rejectsLength, unresolvedLength });
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

/** Whether no record is settled and none can have been carried out, but such as may be sent again. */
export function nothingDone({ open, batches, completeAt }: ImportState): boolean {
  const untouched = open.every(({ states }) => states.every((one) => one === 'waiting'));
  return completeAt === null && batches === 0 && untouched;
}

/** Where the input is read from: all records before are settled. */
export function readFrom({ open, begun }: ImportState): Mark {
  return open[0]?.from ?? begun;
}

/** Numbers in rising order as few ranges. */
export function toRanges(numbers: readonly number[]): Range[] {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last?.[1] === number) last[1]++;
    else ranges.push([number, number + 1]);
  }
  return ranges;
}
