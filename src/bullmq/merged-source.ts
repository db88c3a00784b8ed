import { BatchError, type Page, type PageSource } from '../batch/index.ts';
import { throwIfAborted } from '../core/internal.ts';
import { type Line, linesOf, parseLine } from './lines.ts';

/** A complete part. */
export interface CompletePart {
  readonly label: string;
  /** Number of records that its checkpoint states. */
  readonly records: number;
  /** Returns the JSON Lines of the part. */
  read(): AsyncIterable<Uint8Array>;
}

const LINES_PER_PAGE = 1000;

/**
 * Returns a source that reads parts one after the other as one export. A record that several parts contain is written once: records
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
    ...(identify && { identify: (line: Line) => identify(parseLine(line)) }),
    async *read({ signal }): AsyncGenerator<Page<Line>> {
      let page = 0;
      for (const [index, part] of parts.entries()) {
        let records = 0;
        for await (const items of linesOf(part.read(), LINES_PER_PAGE, part.label)) {
          throwIfAborted(signal);
          records += items.length;
          yield { items, next: ++page, window: String(index) };
        }
        if (records !== part.records) throw otherCount(part, records);
      }
    },
  };
}

function otherCount({ label, records }: CompletePart, found: number): BatchError {
  return new BatchError(
    `${label} has ${found} records, but its checkpoint states ${records}: the stored part was changed. Remove the export (removeExport) ` +
      'and submit it again.',
    'ERR_OUTPUT_SHORT',
    { resumable: false },
  );
}
