import type { Page, PageSource } from '../batch/index.ts';
import { parseExact } from '../batch/internal.ts';
import { throwIfAborted } from '../core/internal.ts';
import { type Line, linesOf } from './lines.ts';

/** A complete part. */
export interface CompletePart {
  readonly label: string;
  /** Returns the JSON Lines of the part. */
  read(): AsyncIterable<Uint8Array>;
}

const LINES_PER_PAGE = 1000;

/**
 * Returns a source that reads parts one after the other as one export. A record that two adjacent parts share is read once: records
 * that were active at the boundary of two intervals are in both.
 *
 * @param identify of the source that the parts were read from. Lines are parsed only if it is defined.
 */
export function mergedSource(
  parts: readonly CompletePart[],
  identify: PageSource['identify'],
): PageSource<Line> {
  return {
    name: 'merge',
    query: null,
    ...(identify && { identify: (line: Line) => identify(parseExact(line)) }),
    async *read({ signal }): AsyncGenerator<Page<Line>> {
      let page = 0;
      for (const [index, part] of parts.entries()) {
        for await (const items of linesOf(part.read(), LINES_PER_PAGE, part.label)) {
          throwIfAborted(signal);
          yield { items, next: ++page, window: String(index) };
        }
      }
    },
  };
}
