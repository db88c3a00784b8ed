import { digestOf, isDigest } from '../digest.ts';
import { BatchError } from '../errors.ts';
import { toJson } from '../json/to-json.ts';
import { hasShape, isCount } from './saved-cursor.ts';

/** What a source remembers of the pages that it has read, to recognise pages that repeat. Cursors contain it. */
export type PageMemory = {
  /** Digest of the first page with records. */
  readonly first?: string;
  /** Digest of the last page with records. */
  readonly before?: string;
  /** The most records on one page. */
  readonly largest?: number;
  /** Pages without records, in a row. */
  readonly empty?: number;
  /** Pages that repeated an earlier page, perhaps by chance. */
  readonly again?: number;
};

/** Records that were received and stated before a page. */
interface Counts {
  readonly received: number;
  readonly total?: number | undefined;
}

/** What a page loop says. */
interface LoopMessage {
  /** Names the request. */
  label: string;
  /** The probable reason, such as `the API ignores the parameter page`. */
  why: string;
  /** What to check, in whole sentences. */
  advice: string;
}

// Pages of one record, or of equal records, can repeat by chance. After this many repeats, the API must be in a loop.
const MAX_REPEATS = 100;

// A page of up to this many records is compared as a whole.
const SAMPLES = 16;

/**
 * Compares a page with the first page and the previous page.
 *
 * @param counts of the pages before.
 * @returns the memory including the page; undefined if the page repeats another one and the pages before had all records,
 * so that the page before was the last one.
 * @throws BatchError `ERR_PAGE_LOOP` if the page repeats another one and records are missing, or the API stated no total.
 */
export function addToMemory(
  memory: PageMemory,
  items: readonly unknown[],
  { received, total = Number.POSITIVE_INFINITY }: Counts,
  message: LoopMessage,
): PageMemory | undefined {
  const { first, before, largest = 0, empty = 0, again = 0 } = memory;
  if (items.length === 0) return { ...memory, empty: empty + 1 };
  const samples = samplesOf(items);
  const digest = digestOf(`${items.length} ${samples}`);
  const repeats = digest === first || digest === before;
  // Repeated pages do not stand for the records that are missing.
  if (repeats && received - again * largest >= total) return undefined;
  const isChance = items.length >= largest && samples.every((sample) => sample === samples[0]);
  if (repeats && !(isChance && again + 1 < MAX_REPEATS)) throw pageLoop(digest === first, message);
  const count = repeats ? again + 1 : again;
  return {
    first: first ?? digest,
    before: digest,
    largest: Math.max(largest, items.length),
    ...(count > 0 && { again: count }),
  };
}

const SHAPE = { first: isDigest, before: isDigest, largest: isCount, empty: isCount, again: isCount };

/** Returns whether a value of a checkpoint can be a {@link PageMemory}. */
export function isPageMemory(value: unknown): boolean {
  return typeof value === 'object' && value !== null && hasShape(value, SHAPE);
}

/** Returns records of a page as JSON, evenly spread and with both ends. */
function samplesOf(items: readonly unknown[]): string[] {
  const count = Math.min(items.length, SAMPLES);
  const step = (items.length - 1) / Math.max(count - 1, 1);
  return Array.from({ length: count }, (_, index) => toJson(items[Math.round(index * step)]));
}

/** Returns the error for pages that repeat. */
export function pageLoop(isFirst: boolean, { label, why, advice }: LoopMessage): BatchError {
  return new BatchError(
    `${label} returned the ${isFirst ? 'first' : 'previous'} page again: ${why}. The export stops, because it would never ` +
      `end or records could be missing. ${advice}`,
    'ERR_PAGE_LOOP',
  );
}
