import { BatchError, type Sink } from '../batch/index.ts';
import { linesFile, parseExact } from '../batch/internal.ts';

/** A record as JSON text, without the line feed. */
export type Line = string;

/** Parses a line. */
export function parseLine(line: Line): unknown {
  return parseExact(line);
}

/** Writes lines unchanged. */
export function rawLinesFile(path: string): Sink<Line> {
  return linesFile(path, (lines: readonly Line[]) => (lines.length > 0 ? `${lines.join('\n')}\n` : ''));
}

const LINE_FEED = 10;

// A string has a maximum length, so longer lines are written in several lists. In characters.
const MAX_LIST_LENGTH = 16 * 1024 * 1024;

/**
 * Splits bytes into lists of `count` lines, or fewer if the lines are very long. The lists do not depend on the sizes of the chunks, so
 * repeated merges write the same gzip members.
 *
 * @throws BatchError `ERR_OUTPUT_SHORT` if the last line has no line feed.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  count: number,
  label: string,
): AsyncGenerator<Line[]> {
  let rest: Buffer = Buffer.alloc(0);
  let lines: Line[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    const bytes =
      rest.length > 0
        ? Buffer.concat([rest, chunk])
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    rest = bytes.subarray(end);
    if (end === 0) continue;
    const found = bytes.toString('utf8', 0, end - 1).split('\n');
    for (const line of found) {
      lines.push(line);
      size += line.length;
      if (lines.length < count && size < MAX_LIST_LENGTH) continue;
      yield lines;
      lines = [];
      size = 0;
    }
  }
  if (rest.length > 0) {
    const message = `${label} was truncated within a record. Remove the export and submit it again.`;
    throw new BatchError(message, 'ERR_OUTPUT_SHORT');
  }
  if (lines.length > 0) yield lines;
}
