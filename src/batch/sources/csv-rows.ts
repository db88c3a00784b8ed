import { pipeline, type Readable } from 'node:stream';
import { parse } from 'csv-parse';
import type { Clock } from '../../core/index.ts';
import { unexpected } from './answer.ts';

/** A row by column name. Every value is a string. */
export type CsvRow = Readonly<Record<string, string>>;

interface CsvRowsOptions {
  /** Names the file in messages. */
  label: string;
  /** Called with the column names. It may throw. */
  onHeader: (names: readonly string[]) => void;
  /** The longest time without a byte, in milliseconds. */
  idleTimeout: number;
  /** Whether the response had no length, so that a lost connection looks like the end of the file. */
  endsUnmarked: boolean;
  clock: Clock;
}

// Limited, because after an unclosed quotation mark the rest of the file is one row.
const MAX_ROW_SIZE = 16 * 1024 * 1024;

/**
 * Reads CSV (RFC 4180) in UTF-8 with a header from a stream, only as fast as rows are consumed.
 *
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` that names the row, if the CSV is invalid; the error of the stream.
 */
export async function* readCsvRows(stream: Readable, options: CsvRowsOptions): AsyncGenerator<CsvRow, void> {
  const { label, onHeader } = options;
  let hasHeader = false;
  const parser = parse({
    max_record_size: MAX_ROW_SIZE,
    columns: (names: string[]) => {
      hasHeader = true;
      const problem = headerProblem(names);
      if (problem !== undefined) throw unexpected(label, problem, true);
      onHeader(names);
      return names;
    },
  });
  // The loop below throws the error.
  pipeline(
    stream,
    (chunks: AsyncIterable<Buffer>) => decode(chunks, stream, options),
    parser,
    () => {},
  );
  try {
    for await (const record of parser) yield record as CsvRow;
  } catch (error) {
    throw toCsvError(error, label);
  } finally {
    stream.destroy();
  }
  if (!hasHeader) throw unexpected(label, 'is empty: it has no header', true);
}

async function* decode(
  chunks: AsyncIterable<Buffer>,
  stream: Readable,
  { label, clock, idleTimeout, endsUnmarked }: CsvRowsOptions,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const text = (bytes?: Buffer) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      throw unexpected(label, 'is not UTF-8', true);
    }
  };
  const stalled = () => stream.destroy(new Error(`no data arrived for ${idleTimeout} ms`));
  // The timer runs only while data is awaited, because a slow disk is not the fault of the file's host.
  let timer = clock.setTimeout(stalled, idleTimeout);
  let last = '\n';
  try {
    for await (const chunk of chunks) {
      clock.clearTimeout(timer);
      const piece = text(chunk);
      last = piece.at(-1) ?? last;
      yield piece;
      timer = clock.setTimeout(stalled, idleTimeout);
    }
    yield text();
  } finally {
    clock.clearTimeout(timer);
  }
  if (endsUnmarked && last !== '\n')
    throw new Error('the file ends within a row, and the response had no length');
}

function headerProblem(names: readonly string[]): string | undefined {
  if (/^\s*[<{]/.test(names[0] ?? '')) return 'is not CSV: it begins like HTML, XML or JSON';
  if (names.some((name) => name.trim() === '')) return 'has a header with an unnamed column';
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined ? undefined : `has two columns named ${JSON.stringify(twice.slice(0, 80))}`;
}

/** Replaces the messages of csv-parse, which quote the data. */
function toCsvError(error: unknown, label: string): unknown {
  const { code = '', records = 0 } = Object(error) as { code?: string; records?: number };
  // The rows before it, the header, and the row itself.
  const row = records + 2;
  if (code === 'CSV_RECORD_INCONSISTENT_COLUMNS') {
    return unexpected(label, `is invalid: row ${row} has more or fewer fields than the header`, true);
  }
  if (code === 'CSV_MAX_RECORD_SIZE') {
    return unexpected(
      label,
      `is invalid: row ${row} is longer than 16 MiB. Is a quotation mark not closed?`,
      true,
    );
  }
  if (/^(CSV|INVALID)_/.test(code))
    return unexpected(label, `is not valid CSV from row ${row} on (${code})`, true);
  return error;
}
