import { BatchError, type Sink } from '../batch/index.ts';
import { linesFile } from '../batch/internal.ts';

/** A record as JSON text, without the line feed. */
export type Line = string;

/** Writes lines unchanged. */
export function rawLinesFile(path: string): Sink<Line> {
  return linesFile(path, (lines: readonly Line[]) => (lines.length > 0 ? `${lines.join('\n')}\n` : ''));
}

const LINE_FEED = 10;

// More at once than this is written in several lists: a text has a longest length. In characters.
const MOST_IN_A_LIST = 16 * 1024 * 1024;

/**
 * Cuts bytes into lists of lines of one length, shorter where they are very long: what is made of them does not depend on how
 * the bytes came.
 *
 * @throws BatchError `ERR_OUTPUT_SHORT` when the last line has no end.
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
      if (lines.length < count && size < MOST_IN_A_LIST) continue;
      yield lines;
      lines = [];
      size = 0;
    }
  }
  if (rest.length > 0) {
    throw new BatchError(`${label} ends in the middle of a record: it was cut since.`, 'ERR_OUTPUT_SHORT');
  }
  if (lines.length > 0) yield lines;
}
