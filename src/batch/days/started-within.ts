import { refuse } from '../../core/internal.ts';
import { checkInterval, parseDate, parseInterval } from '../sources/interval.ts';
import type { PageSource } from '../sources/source.ts';

/**
 * Returns a source that leaves out the records that began outside an interval. Such records count as `outside`, so that `records + outside`
 * is what the API stated. A source without `startedAt` is returned unchanged.
 *
 * A record without a readable start stays in the export, and the export has a warning that counts such records.
 *
 * @param interval ISO 8601 `start/end`. The end is exclusive.
 * @throws ConfigurationError
 */
export function startedWithin<Item>(source: PageSource<Item>, interval: string): PageSource<Item> {
  refuse('startedWithin', [checkInterval(interval, Number.POSITIVE_INFINITY)]);
  if (!source?.startedAt) return source;
  const { start, end } = parseInterval(interval);
  return {
    name: source.name,
    query: { startedWithin: interval, query: source.query },
    ...(source.identify && { identify: (item: Item) => source.identify?.(item) }),
    startedAt: (item) => source.startedAt?.(item),
    isOutside(item) {
      if (source.isOutside?.(item)) return true;
      const started = parseDate(String(source.startedAt?.(item)));
      return Number.isNaN(started) ? undefined : !(started >= start && started < end);
    },
    read: (context) => source.read(context),
  };
}
