import type { OptionTable, Problem } from '../../core/internal.ts';
import { conversationRows, ROW_LEVELS, type RowLevel, type RowModel } from '../rows/conversation-rows.ts';

/** Options of {@link csvFile}. */
export interface CsvOptions {
  /**
   * Columns to write, in this order. Other members of a record are omitted. `a.b` selects the member `b` of the object `a`,
   * unless the record has a member named `a.b`. `a.0.b` and `a[0].b` select the member `b` of the first object in the list `a`.
   *
   * If no record of the first page has a column, but the records have a similar name, the export fails before it writes. A column that
   * no record has at all is a warning.
   * @default all columns of `rows`; without `rows`, the members of the records of the first page that has records
   */
  columns?: readonly string[] | undefined;
  /**
   * Write a row for each participant, session or segment of conversations of Genesys Cloud, with the ids and ordinals of its parents. A
   * conversation without any has one row. `docs/columns.md` lists the columns. `columns` can also select members of the parents.
   *
   * A field that is not a column is a warning that names the field, unless you set `columns`.
   * @default a row for each record
   */
  rows?: RowLevel | undefined;
  /** Accepts `columns` that no record of the first page has, even if the records have a similar name. @default false */
  allowEmptyColumns?: boolean | undefined;
  /** A single character. @default ',' */
  delimiter?: string | undefined;
  /** Start the file with a byte order mark, so that Excel reads it as UTF-8. @default false */
  bom?: boolean | undefined;
  /**
   * Put `'` before texts that a spreadsheet would run as a formula: texts that start with `=`, `+`, `-`, `@`, a tab or a carriage
   * return (OWASP, "CSV Injection"). Off by default, because it changes data, such as phone numbers that start with `+`.
   * @default false
   */
  escapeFormulas?: boolean | undefined;
}

export const CSV_OPTIONS: OptionTable<CsvOptions> = {
  columns: 'object',
  rows: 'any',
  allowEmptyColumns: 'boolean',
  delimiter: 'string',
  bom: 'boolean',
  escapeFormulas: 'boolean',
};

export function csvProblems({ columns, rows, allowEmptyColumns, delimiter = ',' }: CsvOptions): Problem[] {
  return [
    columns && columns.length === 0 && 'columns must not be empty',
    columns &&
      new Set(columns).size < columns.length &&
      `columns must not repeat a name: ${JSON.stringify(columns)}`,
    rows !== undefined &&
      !ROW_LEVELS.includes(rows) &&
      `rows must be one of ${ROW_LEVELS.join(', ')}, not ${JSON.stringify(rows)}`,
    allowEmptyColumns === true && !columns && 'allowEmptyColumns requires columns',
    !/^[^"\r\n]$/u.test(delimiter) &&
      `delimiter must be one character other than a quote or a line break, not ${JSON.stringify(delimiter)}`,
  ];
}

/** Returns how CSV of these options makes rows of records; undefined for one row per record. */
export function rowModel({ rows, columns }: CsvOptions): RowModel | undefined {
  return rows && conversationRows(rows, { allParents: columns !== undefined });
}
