import type { ConversationMatch } from './filters.ts';
import { DAY } from './iso-time.ts';
import type { Dataset } from './records.ts';
import type { World } from './world.ts';

type IndexMatch = (index: number) => boolean;

/** The records of a query: the indexes of a range that match. */
export interface Selection {
  readonly from: number;
  readonly to: number;
  /** Absent if every index matches. */
  readonly matches?: IndexMatch;
  /** The time at which the data are read, in epoch milliseconds: `Infinity` for the final data. */
  readonly at: number;
}

/** A query for conversations. Times are epoch milliseconds. */
export interface ConversationQuery {
  start: number;
  end: number;
  matching: 'activity' | 'overlap' | 'day' | 'start';
  /** The time at which the data are read. */
  at: number;
  filter?: ConversationMatch | undefined;
}

/** Returns the conversations in an interval, according to `intervalMatching`. */
export function selectConversations({ dataset }: World, query: ConversationQuery): Selection {
  const { start, end, matching, at, filter } = query;
  const { firstStartingAt, firstEndingAfter, endOf } = dataset;
  if (start > at) return { from: 0, to: 0, at };
  const isActive = matching === 'activity' || matching === 'overlap';
  const midnight = Math.floor(start / DAY) * DAY;
  const from = Math.max(
    matching === 'overlap' ? 0 : firstStartingAt(matching === 'start' ? start : midnight),
    isActive ? firstEndingAfter(start) : 0,
  );
  const to = firstStartingAt(matching === 'day' ? Math.ceil(end / DAY) * DAY : end);
  return visibleIn(
    dataset,
    { from, to, at },
    isActive && !dataset.endsInOrder && ((index) => endOf(index) > start),
    filter &&
      ((index) => {
        const conversation = dataset.conversation(index, at);
        return conversation !== undefined && filter(conversation);
      }),
  );
}

/** Returns the records of a range that have appeared at `at` and meet further conditions. */
export function visibleIn(
  dataset: Dataset,
  { from, to, at }: Selection,
  ...conditions: Array<IndexMatch | false | undefined>
): Selection {
  const isFinal = at === Number.POSITIVE_INFINITY;
  const all = [
    !isFinal && ((index: number) => dataset.stageAt(index, at) !== undefined),
    ...conditions,
  ].filter((condition): condition is IndexMatch => Boolean(condition));
  return {
    from,
    to: isFinal ? to : Math.min(to, dataset.firstStartingAt(at + 1)),
    at,
    ...(all.length > 0 && { matches: (index) => all.every((matches) => matches(index)) }),
  };
}

/** Returns the contacts that began in an interval, are completed at `at`, and were updated at `updatedSince` or later. */
export function completedIn(
  dataset: Dataset,
  {
    start,
    end,
    at,
    updatedSince,
  }: { start: number; end: number; at: number; updatedSince?: number | undefined },
): Selection {
  return visibleIn(
    dataset,
    { from: dataset.firstStartingAt(start), to: dataset.firstStartingAt(end), at },
    at < Number.POSITIVE_INFINITY && ((index) => dataset.endOf(index) <= at),
    updatedSince !== undefined && ((index) => dataset.updatedAt(index, at) >= updatedSince),
  );
}

/** A page of a selection. `count` records match in the range of indexes. */
export interface SelectedPage {
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/** Returns a page and the number of all records. */
export function pageOf(selection: Selection, skip: number, size: number, descending = false) {
  const { from, to, matches } = selection;
  const length = Math.max(0, to - from);
  const positions = matches ? matchingPositions(selection, skip, size, descending) : undefined;
  const { total, first, end } = positions ?? {
    total: length,
    first: Math.min(skip, length),
    end: Math.min(skip + size, length),
  };
  const count = Math.max(0, Math.min(size, total - skip));
  const range = descending ? { from: to - end, to: to - first } : { from: from + first, to: from + end };
  return { total, count, ...range };
}

function matchingPositions(
  { from, to, matches }: Selection,
  skip: number,
  size: number,
  descending: boolean,
) {
  const length = Math.max(0, to - from);
  let total = 0;
  let [first, end] = [length, length];
  for (let n = 0; n < length; n++) {
    if (!matches?.(descending ? to - 1 - n : from + n)) continue;
    if (total === skip) first = n;
    if (total === skip + size) end = n;
    total++;
  }
  return { total, first, end };
}

/** Returns a page that begins at an index, and the index at which the next page begins, or undefined after the last page. */
export function readFrom(
  selection: Selection,
  start: number,
  size: number,
): SelectedPage & { next?: number } {
  const { to, matches } = selection;
  const from = Math.max(start, selection.from);
  let count = 0;
  let end = from;
  if (matches) {
    for (; end < to; end++) if (matches(end) && ++count > size) break;
    count = Math.min(count, size);
  } else {
    end = Math.max(from, Math.min(from + size, to));
    count = end - from;
  }
  return { count, from, to: end, ...(end < to && { next: end }) };
}

/** Returns the conversations of a page as the elements of a JSON array. */
export function jsonOf(
  { dataset }: World,
  { at, matches }: Selection,
  page: SelectedPage,
  descending = false,
): string {
  return dataset.conversationsJson(page.from, page.to, { at, matches, descending });
}

/** Returns the indexes of all records of a selection. */
export function indexesOf({ from, to, matches }: Selection): number[] {
  const indexes: number[] = [];
  for (let index = from; index < to; index++) if (!matches || matches(index)) indexes.push(index);
  return indexes;
}
