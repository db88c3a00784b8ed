import { open } from 'node:fs/promises';
import { badInput, type InputPosition, inputError } from './input.ts';
import { inputChanged } from './prefix-digest.ts';
import { checkText } from './text-form.ts';

/** One line, or the lines of one CSV row, without the line end. */
export interface Row {
  readonly text: string;
  /** Number of the first line of the row, from 1. */
  readonly line: number;
  /** Offset of the first byte of the row. */
  readonly start: number;
  readonly end: InputPosition;
  /** Set if the file ends before the line end of the row, or within quotation marks. */
  readonly unfinished?: true | undefined;
}

export interface RowOptions {
  /** A longer row is an error, detected before the whole row is in memory. */
  maxBytes: number;
  /** Whether a row continues after a line feed in quotation marks, as in CSV (RFC 4180). */
  quoted: boolean;
  /** Whether a last row without a line end is finished. */
  lastRowComplete: boolean;
}

/** The default of `maxBytes`. */
export const LONGEST_ROW = 16 * 1024 * 1024;

const CHUNK = 65_536;
const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const BYTE_ORDER_MARK = '\ufeff';

/**
 * Reads the rows of a UTF-8 file. Skips empty rows, accepts LF and CR LF as line ends, and drops a byte order mark.
 *
 * @throws BatchError `ERR_INPUT` with line and byte, if a row is too long or not valid UTF-8, or if the file is compressed, for example; `ERR_INPUT_CHANGED` if the row before
 * the position had no line end and has grown since.
 */
export async function* readRows(
  path: string,
  from: InputPosition,
  { maxBytes, quoted, lastRowComplete }: RowOptions,
): AsyncGenerator<Row, void> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw inputError(path, error);
  });
  let start = from.offset;
  let read = start;
  let withinRow = false;
  let line = from.line + 1;
  let linesInRow = 1;
  let pieces: Buffer[] = [];
  let length = 0;
  let insideQuotes = false;

  const readAt = (offset: number, bytes: number) =>
    file.read(Buffer.allocUnsafe(bytes), 0, bytes, offset).catch((error: unknown) => {
      throw inputError(path, error);
    });

  const add = (piece: Buffer) => {
    if (quoted && countOf(piece, QUOTE) % 2 === 1) insideQuotes = !insideQuotes;
    length += piece.length;
    if (length > maxBytes) {
      const what = quoted ? 'the row (is a quotation mark unclosed?)' : 'the line';
      throw badInput(path, line, start, `${what} is longer than ${maxBytes} bytes`);
    }
    pieces.push(piece);
  };

  const endRow = (unfinished?: true): Row | undefined => {
    const bytes = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    const row = {
      text: decode(bytes, unfinished),
      line,
      start,
      end: { offset: start + length, line: line + linesInRow - 1 },
      ...(unfinished && { unfinished }),
    };
    start += length;
    line += linesInRow;
    linesInRow = 1;
    pieces = [];
    length = 0;
    if (row.text.trim() === '') return undefined;
    if (withinRow && row.start === from.offset) {
      throw inputChanged(path, `line ${row.line}, which had no line end when it was sent, is longer now`);
    }
    return row;
  };

  const decode = (bytes: Buffer, unfinished?: true): string => {
    // An unfinished row can end within a character.
    const decoder = new TextDecoder('utf-8', { fatal: !unfinished, ignoreBOM: true });
    try {
      const text = decoder.decode(bytes).replace(/\r?\n$/, '');
      return start === 0 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
    } catch {
      throw badInput(path, line, start, 'the line is not valid UTF-8; convert the file to UTF-8');
    }
  };

  try {
    if (start > 0) {
      // The row before the position had no line end when it was read: the rest of its line must be empty.
      withinRow = (await readAt(start - 1, 1)).buffer[0] !== LINE_FEED;
      if (withinRow) line = from.line;
    }
    for (;;) {
      const { buffer, bytesRead } = await readAt(read, CHUNK);
      if (bytesRead === 0) break;
      read += bytesRead;
      const chunk = buffer.subarray(0, bytesRead);
      if (read === bytesRead) checkText(path, chunk);
      for (let at = 0; at < chunk.length; ) {
        const lineEnd = chunk.indexOf(LINE_FEED, at);
        const next = lineEnd < 0 ? chunk.length : lineEnd + 1;
        add(chunk.subarray(at, next));
        at = next;
        if (lineEnd < 0) break;
        if (insideQuotes) {
          linesInRow++;
          continue;
        }
        const row = endRow();
        if (row) yield row;
      }
    }
    if (length === 0) return;
    const row = endRow(lastRowComplete ? undefined : true);
    if (row) yield row;
  } finally {
    await file.close();
  }
}

function countOf(bytes: Buffer, byte: number): number {
  let count = 0;
  for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) count++;
  return count;
}
