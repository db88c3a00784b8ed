import type { Clock } from '../../core/index.ts';
import { isWhole, type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import { cutInterval, type SliceAt } from '../dates/cut-interval.ts';
import { resolveIn } from '../dates/resolve-interval.ts';
import { readZone } from '../dates/time-zone.ts';
import type { Interval } from './interval.ts';
import { checkedCursor } from './saved-cursor.ts';
import type { Json, Page, PageSource, SourceContext } from './source.ts';
import { toText } from './windows.ts';

/** An interval that one source reads. All times are in ISO 8601, in UTC. */
export interface Slice {
  readonly start: string;
  /** Exclusive. */
  readonly end: string;
  /** `start/end`. */
  readonly interval: string;
}

/** Options of {@link sliceSource}. */
export interface SliceOptions<Item = unknown> {
  /** The interval of all slices, as {@link resolveInterval} accepts it. It must end in the past. */
  interval: string;
  /** Length of a slice as an ISO 8601 duration of at least a second, such as `P1D` and `PT6H`. The last slice can be shorter. */
  slice: string;
  /** IANA name of the time zone of dates without a zone and of the days of `slice`, such as `Europe/Berlin`. @default 'UTC' */
  timeZone?: string | undefined;
  /**
   * Returns the source of a slice. It must return the same source for the same slice each time. All sources must have the same `identify`.
   * To leave out records that began outside the interval, pass the result of `sliceSource` to {@link startedWithin}.
   */
  source: (slice: Slice) => PageSource<Item>;
  /** Determines the current time. @default the system clock */
  clock?: Clock | undefined;
}

type State = {
  /** Index of the slice. */
  readonly slice: number;
  /** Cursor of the slice's source; absent at the start of the slice. */
  readonly inner?: Json;
};

const OPTIONS: OptionTable<SliceOptions> = {
  interval: 'string',
  slice: 'any',
  timeZone: 'string',
  source: 'function',
  clock: 'object',
};

/**
 * Returns a source that reads an interval slice by slice, in order, with a source for each slice. Use it for an API that filters by time and that refuses long
 * intervals, or returns a limited number of records for a query.
 *
 * An interrupted export resumes at the page after the last written one. The totals that the API states are checked for each slice. A record
 * that two slices contain is written once.
 *
 * @throws ConfigurationError that lists invalid options.
 * @example
 * sliceSource({
 *   interval: '2026-10',
 *   slice: 'P1D',
 *   source: ({ start, end }) => offsetSource({ url: '/calls', items: 'calls', id: 'id', pageSize: 100, params: { from: start, to: end } }),
 * })
 */
export function sliceSource<Item = unknown>(options: SliceOptions<Item>): PageSource<Item> {
  const [own, problems] = readOptions(options, OPTIONS as OptionTable<SliceOptions<Item>>);
  refuse('sliceSource', [
    !own.interval && 'interval must be set, such as 2026-10-01/2026-11-01',
    !own.source && 'source must be a function that returns the source of a slice',
    ...problems,
  ]);
  const zone = readZone('sliceSource', { timeZone: own.timeZone, clock: own.clock });
  const whole = resolveIn('sliceSource', own.interval, zone);
  const sliceAt = cutInterval(whole, String(own.slice), zone.timeZone);
  refuse('sliceSource', [
    !sliceAt &&
      `slice must be an ISO 8601 duration of at least PT1S, such as P1D, not ${JSON.stringify(own.slice)}`,
  ]);
  return sourceOf(own, whole, sliceAt as SliceAt, zone.timeZone);
}

function sourceOf<Item>(
  { slice: length, source }: SliceOptions<Item>,
  whole: Interval,
  sliceAt: SliceAt,
  timeZone: string,
): PageSource<Item> {
  const open = (slice: Interval) => {
    const [start = '', end = ''] = toText(slice).split('/');
    const opened = source({ start, end, interval: toText(slice) });
    if (typeof Object(opened).read !== 'function')
      refuse('sliceSource', ['source must return a source, such as offsetSource({ … })']);
    // A record at the boundary of two slices would count as outside in the first slice, and as repeated in the second.
    if (opened.isOutside)
      refuse('sliceSource', [
        'the source of a slice must not have isOutside, because records at the boundary of two slices would be lost: pass the result of ' +
          'sliceSource to startedWithin instead',
      ]);
    return opened;
  };
  const { name, query, identify, startedAt } = open(sliceAt(0) ?? whole);

  async function* pages(context: SourceContext): AsyncGenerator<Page<Item>, void> {
    const isSlice = (value: unknown) => isWhole(value) && sliceAt(Number(value)) !== undefined;
    const from = checkedCursor<State>(
      name,
      context.from,
      { slice: isSlice, inner: (value) => value !== undefined },
      ['slice'],
    );
    let inner = from?.inner;
    for (let index = from?.slice ?? 0; ; index++) {
      const slice = sliceAt(index);
      if (slice === undefined) return;
      const after = sliceAt(index + 1) && { slice: index + 1 };
      if (slice.start < slice.end) {
        yield* pagesOf(open(slice).read({ ...context, from: inner }), { index, slice, after, inner });
      }
      inner = undefined;
    }
  }

  return {
    name,
    query: { interval: toText(whole), slice: length, timeZone, source: query },
    ...(identify && { identify }),
    ...(startedAt && { startedAt }),
    read: pages,
  };
}

/** A slice, and where its source begins. */
interface OpenSlice {
  index: number;
  slice: Interval;
  /** The start of the next slice; undefined for the last slice. */
  after: State | undefined;
  inner: Json | undefined;
}

/** Returns the pages of a slice with cursors and windows of all slices. */
async function* pagesOf<Item>(
  pages: AsyncIterable<Page<Item>>,
  { index, slice, after, inner }: OpenSlice,
): AsyncGenerator<Page<Item>, void> {
  const label = toText(slice);
  let isFirst = inner === undefined;
  for await (const { next, nextKey, total: _, window, ...page } of pages) {
    const name = window === undefined ? label : `${label} ${window}`;
    const state = next === undefined ? after : { slice: index, inner: next };
    const key = next === undefined ? 'end' : (nextKey ?? JSON.stringify(next));
    yield {
      ...page,
      // A page with `end` and without a window ends the window of the previous page, which can have another name.
      ...((window !== undefined || !page.end || isFirst) && { window: name }),
      ...(state && { next: state, nextKey: `${index} ${key}` }),
    };
    isFirst &&= page.items.length === 0 && page.stated === undefined && !page.end;
  }
}
