import type { PageSource } from '../sources/source.ts';

/**
 * Returns a source whose records that began outside an interval are not part of the export. They count as `outside`, so that
 * `records + outside` is what the API stated. A source without `startedAt` is returned unchanged.
 *
 * @param interval ISO 8601 `start/end`. The end is exclusive.
 */
export function startedWithin<Item>(source: PageSource<Item>, interval: string): PageSource<Item> {
  throw new Error(`not implemented: ${source.name} ${interval}`);
}
