import { pipeline, type Readable } from 'node:stream';
import { parse } from 'csv-parse';
import type { Clock } from '../../core/index.ts';
import { unexpected } from './answer.ts';

/** A row by the names of the header; every value is a text. */
export type CsvRow = Readonly<Record<string, string>>;

interface CsvRowsOptions {
  /** In words, for messages. */
  asked: string;
  /** Is told the names of the header, and may throw. */
  onHeader: (names: readonly string[]) => void;
  /** The longest time without a byte, in milliseconds. */
  idleTimeout: number;
  /** Whether the end of the stream is the end of the file by itself, as no length came with it. */
  endsUnmarked: boolean;
  clock: Clock;
}

// A quotation mark that is not closed would have the rest of the file be one row.
const LONGEST_ROW = 16 * 1024 * 1024;

/**
 * Reads CSV (RFC 4180) in UTF-8 with a header from a stream, no more of it than is asked for.
 *
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` for what is no such CSV: it names the row; what the stream is destroyed with.
 */
export async function* readCsvRows(stream: Readable, options: CsvRowsOptions): AsyncGenerator<CsvRow, void> {
  const { asked, onHeader } = options;
  let hasHeader = false;
  const parser = parse({
    max_record_size: LONGEST_ROW,
    columns: (names: string[]) => {
      hasHeader = true;
      const problem = headerProblem(names);
      if (problem !== undefined) throw unexpected(asked, problem);
      onHeader(names);
      return names;
    },
  });
  // An error is thrown by the loop below.
  pipeline(
    stream,
    (chunks: AsyncIterable<Buffer>) => decode(chunks, stream, options),
    parser,
    () => {},
  );
  try {
    for await (const record of parser) yield record as CsvRow;
  } catch (error) {
    throw explained(error, asked);
  } finally {
    stream.destroy();
  }
  if (!hasHeader) throw unexpected(asked, 'is empty, it has not even a header');
}

async function* decode(
  chunks: AsyncIterable<Buffer>,
  stream: Readable,
  { asked, clock, idleTimeout, endsUnmarked }: CsvRowsOptions,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const text = (bytes?: Buffer) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      throw unexpected(asked, 'is not UTF-8');
    }
  };
  const stalled = () => stream.destroy(new Error(`no byte came for ${idleTimeout} ms`));
  // Only while it is waited for: a slow disk is no fault of the file's host.
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
  if (endsUnmarked && last !== '\n') throw new Error('it ends within a row, and no length came with it');
}

function headerProblem(names: readonly string[]): string | undefined {
  if (/^\s*[<{]/.test(names[0] ?? '')) return 'is no CSV, but begins like HTML, XML or JSON';
  if (names.some((name) => name.trim() === '')) return 'has a column without a name in its header';
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined
    ? undefined
    : `has two columns of the name ${JSON.stringify(twice.slice(0, 80))}`;
}

/** csv-parse's own messages quote the data. */
function explained(error: unknown, asked: string): unknown {
  const { code = '', records = 0 } = Object(error) as { code?: string; records?: number };
  // Those before it, the header, and itself.
  const row = records + 2;
  if (code === 'CSV_RECORD_INCONSISTENT_COLUMNS') {
    return unexpected(asked, `is ragged: row ${row} has more or fewer fields than the header`);
  }
  if (code === 'CSV_MAX_RECORD_SIZE') {
    return unexpected(asked, `has a row ${row} that is longer than 16 MiB: is a quotation mark not closed?`);
  }
  if (/^(CSV|INVALID)_/.test(code)) return unexpected(asked, `is no CSV from row ${row} on (${code})`);
  return error;
}
