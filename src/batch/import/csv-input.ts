import { parse } from 'csv-parse/sync';
import { type OptionTable, prefixed, readOptions, refuse } from '../../core/internal.ts';
import { badInput, type InputPosition, type InputRecord, type RecordInput, START } from './input.ts';
import { looksLikeJson, notCsv } from './json-form.ts';
import { LONGEST_ROW, type Row, readRows } from './rows.ts';

/** Options of {@link csvInput}. */
export interface CsvInputOptions {
  /** One character. @default ',' */
  delimiter?: string | undefined;
  /** Column names, for a file without a header row. @default the first row */
  columns?: readonly string[] | undefined;
  /** Maximum size of a row in bytes. A longer row ends the import. @default 16 MiB */
  maxRowBytes?: number | undefined;
  /** Reads a last row without a line end too. Without this option, another process may still be writing the row. @default false */
  lastRowComplete?: boolean | undefined;
}

export const DEFAULTS = { delimiter: ',' } as const;

const OPTIONS: OptionTable<CsvInputOptions> = {
  delimiter: 'string',
  columns: 'object',
  maxRowBytes: 'number',
  lastRowComplete: 'boolean',
};

/**
 * Reads CSV (RFC 4180) in UTF-8. Each row becomes an object of strings, keyed by the names in the first row. Quoted fields may contain
 * line feeds. A row with too many or too few fields is a bad record; fields are never added or dropped.
 *
 * @throws ConfigurationError
 */
export function csvInput(path: string, options: CsvInputOptions = {}): RecordInput {
  const [own, problems] = readOptions(options, OPTIONS);
  const { delimiter = DEFAULTS.delimiter, columns, maxRowBytes = LONGEST_ROW } = own;
  refuse('csvInput', [
    !(typeof path === 'string' && path) && 'path must be a file name',
    (delimiter.length !== 1 || /["\r\n]/.test(delimiter)) &&
      'delimiter must be one character other than a quotation mark or a line break',
    columns && prefixed('columns', columnProblem(columns)),
    ...problems,
  ]);
  const rowOptions = { maxBytes: maxRowBytes, quoted: true, lastRowComplete: own.lastRowComplete ?? false };

  async function readHeader(): Promise<Header | Row | undefined> {
    if (columns) return { names: columns, end: START };
    for await (const row of readRows(path, START, rowOptions)) {
      if (looksLikeJson(row.text)) throw notCsv(path);
      if (row.unfinished) return row;
      const fields = fieldsOf(row.text, delimiter);
      if (own.delimiter === undefined) refuse(`the input ${path}`, [otherDelimiter(row.text, fields)]);
      const problem = typeof fields === 'string' ? fields : columnProblem(fields);
      if (problem !== undefined) throw badInput(path, row.line, row.start, `invalid header row: ${problem}`);
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
      if (!('names' in header)) {
        const { text: _, ...unfinished } = header;
        return yield unfinished;
      }
      const begin = from.offset < header.end.offset ? header.end : from;
      for await (const row of readRows(path, begin, rowOptions)) yield toRecord(row, header.names, delimiter);
    },
  };
}

interface Header {
  readonly names: readonly string[];
  readonly end: InputPosition;
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

/** Returns the fields of one row, or the problem with the row. */
function fieldsOf(text: string, delimiter: string): string[] | string {
  try {
    const rows = parse(text, { delimiter, relax_column_count: true, max_record_size: 0 });
    return rows.length === 1 ? (rows[0] as string[]) : 'the text is not exactly one row';
  } catch (error) {
    return quoteProblem((error as { code?: string }).code);
  }
}

/** Returns the problem with a header row that is only one column, because the file has another delimiter than the default. */
function otherDelimiter(text: string, fields: readonly string[] | string): string | undefined {
  const unquoted = text.replace(/"[^"]*"/g, '');
  // The delimiter within quotation marks makes such a row invalid, or a part of a name.
  const isOne = typeof fields === 'string' ? !unquoted.includes(DEFAULTS.delimiter) : fields.length === 1;
  const found = isOne && /[;\t|]/.exec(unquoted)?.[0];
  if (!found) return undefined;
  const flag = found === '\t' ? 'tab' : `'${found}'`;
  return (
    `the header is one column that contains ${found === '\t' ? 'a tab' : found}. Set the delimiter (--delimiter ${flag}), ` +
    `or set ${DEFAULTS.delimiter} as the delimiter if the file has only one column`
  );
}

// The messages of csv-parse quote the field, which can be confidential.
function quoteProblem(code: string | undefined): string {
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quotation mark is not closed';
    case 'INVALID_OPENING_QUOTE':
      return 'an unquoted field contains a quotation mark';
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'text follows a closing quotation mark';
    default:
      return `the row is not valid CSV (${code ?? 'unknown reason'})`;
  }
}

function columnProblem(names: readonly string[]): string | undefined {
  if (names.length === 0 || names.some((name) => typeof name !== 'string' || name.trim() === '')) {
    return 'a column has no name';
  }
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  return repeated === undefined
    ? undefined
    : `two columns are named ${JSON.stringify(repeated.slice(0, 80))}`;
}
