import { parse } from 'csv-parse/sync';
import { numberProblems, refuse } from '../../core/internal.ts';
import { badInput, type InputRecord, type RecordInput } from './input.ts';
import { LONGEST_ROW, type Row, readRows } from './rows.ts';

/** Options of {@link csvInput}. */
export interface CsvInputOptions {
  /** One character. @default ',' */
  delimiter?: string | undefined;
  /** Names of the columns, for a file whose first row is a record. @default the first row */
  columns?: readonly string[] | undefined;
  /** A longer row ends the import; in bytes. @default 16 MiB */
  maxRowBytes?: number | undefined;
}

export const DEFAULTS = { delimiter: ',' } as const;

const START = { offset: 0, line: 0 };

/**
 * Reads CSV (RFC 4180) in UTF-8: each row becomes an object of texts, named by the first row. Fields may be quoted and hold line
 * feeds. A row with more or fewer fields than there are columns is bad, never filled up or cut.
 *
 * @throws ConfigurationError
 */
export function csvInput(path: string, options: CsvInputOptions = {}): RecordInput {
  const { delimiter = DEFAULTS.delimiter, columns, maxRowBytes = LONGEST_ROW } = options;
  const problem = columns && columnProblem(columns);
  refuse('csvInput', [
    !(typeof path === 'string' && path) && 'path must be the name of a file',
    (delimiter.length !== 1 || /["\r\n]/.test(delimiter)) &&
      'delimiter must be one character, no quotation mark',
    problem && `columns: ${problem}`,
    ...numberProblems(options, ['maxRowBytes']),
  ]);
  const rowOptions = { maxBytes: maxRowBytes, quoted: true };

  async function readHeader(): Promise<{ names: readonly string[]; end: typeof START } | undefined> {
    if (columns) return { names: columns, end: START };
    for await (const row of readRows(path, START, rowOptions)) {
      const fields = fieldsOf(row.text, delimiter);
      const wrong = typeof fields === 'string' ? fields : columnProblem(fields);
      if (wrong !== undefined) throw badInput(path, row.line, row.start, `the header row is wrong: ${wrong}`);
      return { names: fields as string[], end: row.end };
    }
    return undefined;
  }

  return {
    path,
    format: { type: 'csv', delimiter, columns: columns ?? null },
    async *read(from) {
      const header = await readHeader();
      if (!header) return;
      const begin = from.offset < header.end.offset ? header.end : from;
      for await (const row of readRows(path, begin, rowOptions)) yield toRecord(row, header.names, delimiter);
    },
  };
}

function toRecord({ text, ...position }: Row, names: readonly string[], delimiter: string): InputRecord {
  const bad = (reason: string) => ({ ...position, bad: { reason, text } });
  const fields = fieldsOf(text, delimiter);
  if (typeof fields === 'string') return bad(fields);
  if (fields.length !== names.length) {
    return bad(`the row has ${fields.length} fields, but there are ${names.length} columns`);
  }
  return { ...position, value: Object.fromEntries(names.map((name, index) => [name, fields[index]])) };
}

/** The fields of one row, or what is wrong with it. */
function fieldsOf(text: string, delimiter: string): string[] | string {
  try {
    const rows = parse(text, { delimiter, relax_column_count: true, max_record_size: 0 });
    return rows.length === 1 ? (rows[0] as string[]) : 'the row is more than one, or none';
  } catch (error) {
    return quoteProblem((error as { code?: string }).code);
  }
}

// csv-parse's own messages quote the field.
function quoteProblem(code: string | undefined): string {
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quotation mark is not closed';
    case 'INVALID_OPENING_QUOTE':
      return 'a quotation mark stands in a field that does not begin with one';
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'behind a closing quotation mark there is neither a delimiter nor the end of the row';
    default:
      return `the row is no CSV (${code ?? 'unknown reason'})`;
  }
}

function columnProblem(names: readonly string[]): string | undefined {
  if (names.length === 0 || names.some((name) => typeof name !== 'string' || name.trim() === '')) {
    return 'a column has no name';
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined ? undefined : `two columns are named ${JSON.stringify(twice.slice(0, 80))}`;
}
