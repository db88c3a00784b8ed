import type { Page, PageSource } from '../batch/index.ts';
import { type Line, linesOf } from './lines.ts';

/** A part that is complete. */
export interface CompletePart {
  readonly label: string;
  /** Its JSON Lines. */
  read(): AsyncIterable<Uint8Array>;
}

const LINES_A_PAGE = 1000;

/**
 * Reads parts one after the other as one export. Records that a part has in common with the one before it come once:
 * adjacent stretches of time repeat what was going on between them.
 *
 * @param identify of the source that the parts were read from. Lines are parsed for its sake alone.
 */
export function mergedSource(
  parts: readonly CompletePart[],
  identify: PageSource['identify'],
): PageSource<Line> {
  return {
    name: 'merge',
    query: null,
    ...(identify && { identify: (line: Line) => identify(JSON.parse(line)) }),
    async *read({ signal }): AsyncGenerator<Page<Line>> {
      let page = 0;
      for (const [index, part] of parts.entries()) {
        for await (const items of linesOf(part.read(), LINES_A_PAGE, part.label)) {
          signal.throwIfAborted();
          yield { items, next: ++page, part: String(index) };
        }
      }
    },
  };
}
