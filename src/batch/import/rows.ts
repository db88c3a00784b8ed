import { open } from 'node:fs/promises';
import { badInput, type InputPosition, inputError } from './input.ts';

/** One line, or the lines of one CSV row, without the line end. */
export interface Row {
  readonly text: string;
  /** Number of the first line of the row, from 1. */
  readonly line: number;
  /** Offset of the first byte of the row. */
  readonly start: number;
  readonly end: InputPosition;
}

interface RowOptions {
  /** A longer row is an error, detected before the whole row is in memory. */
  maxBytes: number;
  /** Whether a row continues after a line feed in quotation marks, as in CSV (RFC 4180). */
  quoted: boolean;
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
 * @throws BatchError `ERR_INPUT` with line and byte, if a row is too long or not valid UTF-8.
 */
export async function* readRows(
  path: string,
  from: InputPosition,
  { maxBytes, quoted }: RowOptions,
): AsyncGenerator<Row, void> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw inputError(path, error);
  });
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let start = from.offset;
  let read = start;
  let line = from.line + 1;
  let linesInRow = 1;
  let pieces: Buffer[] = [];
  let length = 0;
  let insideQuotes = false;

  const add = (piece: Buffer) => {
    if (quoted && countOf(piece, QUOTE) % 2 === 1) insideQuotes = !insideQuotes;
    length += piece.length;
    if (length > maxBytes) {
      const what = quoted ? 'the row (is a quotation mark unclosed?)' : 'the line';
      throw badInput(path, line, start, `${what} is longer than ${maxBytes} bytes`);
    }
    pieces.push(piece);
  };

  const endRow = (): Row => {
    const bytes = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    const row = {
      text: decode(bytes),
      line,
      start,
      end: { offset: start + length, line: line + linesInRow - 1 },
    };
    start += length;
    line += linesInRow;
    linesInRow = 1;
    pieces = [];
    length = 0;
    return row;
  };

  const decode = (bytes: Buffer): string => {
    try {
      const text = decoder.decode(bytes).replace(/\r?\n$/, '');
      return start === 0 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
    } catch {
      throw badInput(path, line, start, 'the line is not valid UTF-8; convert the file to UTF-8');
    }
  };

  try {
    for (;;) {
      const { buffer, bytesRead } = await file
        .read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, read)
        .catch((error: unknown) => {
          throw inputError(path, error);
        });
      if (bytesRead === 0) break;
      read += bytesRead;
      const chunk = buffer.subarray(0, bytesRead);
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
        if (row.text.trim() !== '') yield row;
      }
    }
    if (length === 0) return;
    const row = endRow();
    if (row.text.trim() !== '') yield row;
  } finally {
    await file.close();
  }
}

function countOf(bytes: Buffer, byte: number): number {
  let count = 0;
  for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) count++;
  return count;
}
