import { stringify } from 'csv-stringify/sync';
import { type OptionTable, type Problem, readOptions, refuse } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { ExactNumber } from '../json/exact-number.ts';
import { isJsonObject, type JsonObject } from '../json/json-object.ts';
import { toJson } from '../json/to-json.ts';
import { type Column, checkColumns, columnOf, unseenColumns } from './columns.ts';
import type { Sink } from './sink.ts';
import { type Compression, compression, GZIP_OPTIONS, type GzipOptions, openTextFile } from './text-file.ts';

/** Options of {@link csvFile}. */
export interface CsvOptions {
  /**
   * Columns to write, in this order. Other members of a record are omitted. `a.b` selects the member `b` of the object `a`,
   * unless the record has a member named `a.b`. `a.0.b` and `a[0].b` select the member `b` of the first object in the list `a`.
   *
   * If no record of the first page has a column, but the records have a similar name, the export fails before it writes. A column that
   * no record has at all is a warning.
   * @default the members of the records of the first page that has records
   */
  columns?: readonly string[] | undefined;
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

const OPTIONS: OptionTable<CsvOptions> = {
  columns: 'object',
  allowEmptyColumns: 'boolean',
  delimiter: 'string',
  bom: 'boolean',
  escapeFormulas: 'boolean',
};

/** Position up to which a file is saved. */
interface Position {
  bytes: number;
  /** Null until the first page with records. */
  columns: readonly string[] | null;
  /** The chosen columns that no record has yet. Absent until the first page with records. */
  unseen?: readonly string[] | undefined;
}

/**
 * Returns a sink that writes records as CSV (RFC 4180, but each line ends with a line feed): UTF-8, column names first.
 *
 * Objects and lists are written as JSON, null and missing members as empty fields. An unpaired surrogate, which UTF-8 cannot
 * encode, becomes U+FFFD.
 *
 * Writing fails with a BatchError `ERR_RECORD` if a record is not an object or, unless you set `columns`, has a member that is
 * neither a column nor null. The page that contains the record is not written. An {@link ExactNumber} is written with its digits.
 *
 * @param path of the file. The checkpoint, journal and lock are stored next to the file.
 * @throws ConfigurationError
 */
export function csvFile(path: string, options: CsvOptions = {}): Sink {
  const [own, problems] = readOptions(options, OPTIONS);
  return csvSink('csvFile', path, own, problems);
}

/**
 * Returns a sink that writes records as {@link csvFile} does, compressed with gzip.
 *
 * @param path of the file. The checkpoint, journal and lock are stored next to the file.
 * @throws ConfigurationError
 */
export function gzipCsvFile(path: string, options: CsvOptions & GzipOptions = {}): Sink {
  const [own, problems] = readOptions(options, { ...OPTIONS, ...GZIP_OPTIONS });
  const { level, memberSize } = own;
  return csvSink('gzipCsvFile', path, own, problems, compression('gzipCsvFile', { level, memberSize }));
}

function csvSink(
  caller: string,
  path: string,
  options: CsvOptions,
  problems: readonly Problem[],
  gzip?: Compression,
): Sink {
  const { columns: chosen = null, allowEmptyColumns, delimiter = ',', bom = false } = options;
  const { escapeFormulas = false } = options;
  refuse(caller, [
    chosen && chosen.length === 0 && 'columns must not be empty',
    chosen &&
      new Set(chosen).size < chosen.length &&
      `columns must not repeat a name: ${JSON.stringify(chosen)}`,
    allowEmptyColumns === true && !chosen && 'allowEmptyColumns requires columns',
    !/^[^"\r\n]$/u.test(delimiter) &&
      `delimiter must be one character other than a quote or a line break, not ${JSON.stringify(delimiter)}`,
    ...problems,
  ]);

  function toCsv(rows: readonly (readonly unknown[])[]): string {
    return stringify([...rows], {
      delimiter,
      escape_formulas: escapeFormulas,
      // A negative number is not a formula.
      cast: { object: (number) => ({ value: String(number), escape_formulas: false }) },
      // An empty field alone would be an empty line, which readers skip.
      quoted_empty: rows[0]?.length === 1,
    });
  }

  return {
    format: { name: gzip ? 'csv.gz' : 'csv', columns: chosen, delimiter, bom, escapeFormulas, ...gzip },
    path,
    at: (other) => csvSink(caller, other, options, problems, gzip),
    async open(position) {
      const saved = position as Position | undefined;
      const file = await openTextFile(path, saved?.bytes ?? 0, gzip);
      let columns = (chosen ?? saved?.columns)?.map(columnOf);
      // Earlier versions saved no such list.
      let unseen = saved?.unseen ?? (saved && saved.bytes > 0 ? [] : undefined);

      const heading = () => {
        if (!columns || !file.isEmpty()) return '';
        return (bom ? '\ufeff' : '') + toCsv([columns.map(({ name }) => name)]);
      };

      return {
        async write(items) {
          if (items.length === 0) return;
          const records = items.map(objectOf);
          if (chosen) {
            unseen = unseen
              ? unseenColumns(unseen, records)
              : checkColumns(chosen, records, { allowEmptyColumns });
          } else if (columns) refuseOtherMembers(records, columns);
          const used = columns ?? namesOf(records).map(columnOf);
          const rows = records.map((record) => used.map(({ read }) => fieldOf(read(record))));
          columns = used;
          await file.append(heading() + toCsv(rows));
        },
        async save() {
          const bytes = await file.save();
          if (bytes === undefined) return undefined;
          return { bytes, columns: columns?.map(({ name }) => name) ?? null, ...(unseen && { unseen }) };
        },
        async finish() {
          await file.append(heading());
          await file.finish();
        },
        warnings: () => (unseen ?? []).map((name) => `no record has the column ${JSON.stringify(name)}`),
        close: file.close,
      };
    },
  };
}

function objectOf(item: unknown): JsonObject {
  if (isJsonObject(item)) return item;
  const isNumber = item instanceof ExactNumber;
  const what = Array.isArray(item)
    ? 'a list'
    : item === null
      ? 'null'
      : `a ${isNumber ? 'number' : typeof item}`;
  throw new BatchError(
    `a record is ${what}, but CSV requires objects. Write JSON Lines instead.`,
    'ERR_RECORD',
  );
}

function namesOf(records: readonly JsonObject[]): readonly string[] {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  if (names.length > 0) return names;
  const message =
    'the records of the first page have no members, so the columns are unknown. Set columns (--columns).';
  throw new BatchError(message, 'ERR_RECORD', { resumable: false });
}

function refuseOtherMembers(records: readonly JsonObject[], columns: readonly Column[]): void {
  const known = new Set(columns.map(({ name }) => name));
  const others = records.flatMap((record) =>
    Object.keys(record).filter((name) => !known.has(name) && (record[name] ?? null) !== null),
  );
  const other = others[0];
  if (other === undefined) return;
  throw new BatchError(
    `a record has the member ${JSON.stringify(other)}, but the columns come from the first page, where no record has it. ` +
      'Name all columns in columns (--columns), and set restart (--restart) to start over, which keeps the current file under another name.',
    'ERR_RECORD',
    { resumable: false },
  );
}

/** Keeps numbers as numbers, because escape_formulas would treat the text of a negative number as a formula. */
function fieldOf(value: unknown): string | number | ExactNumber | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number' || value instanceof ExactNumber) return value;
  return typeof value === 'boolean' ? String(value) : toJson(value);
}
