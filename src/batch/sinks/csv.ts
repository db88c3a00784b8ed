import { stringify } from 'csv-stringify/sync';
import { type OptionTable, type Problem, readOptions, refuse } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { toJson } from '../json/to-json.ts';
import type { Sink } from './sink.ts';
import { type Compression, compression, GZIP_OPTIONS, type GzipOptions, openTextFile } from './text-file.ts';

/** Options of {@link csvFile}. */
export interface CsvOptions {
  /**
   * Columns to write, in this order. Other members of a record are omitted. `a.b` selects the member `b` of the object `a`,
   * unless the record has a member named `a.b`.
   * @default the members of the records of the first page that has records
   */
  columns?: readonly string[] | undefined;
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
  delimiter: 'string',
  bom: 'boolean',
  escapeFormulas: 'boolean',
};

/** Position up to which a file is saved. */
interface Position {
  bytes: number;
  /** Null until the first page with records. */
  columns: readonly string[] | null;
}

/**
 * Returns a sink that writes records as CSV (RFC 4180, but each line ends with a line feed): UTF-8, column names first.
 *
 * Objects and lists are written as JSON, null and missing members as empty fields. An unpaired surrogate, which UTF-8 cannot
 * encode, becomes U+FFFD.
 *
 * Writing fails with a BatchError `ERR_RECORD` if a record is not an object or, unless you set `columns`, has a member that is
 * neither a column nor null. The page that contains the record is not written.
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
  const { columns: chosen = null, delimiter = ',', bom = false, escapeFormulas = false } = options;
  refuse(caller, [
    chosen && chosen.length === 0 && 'columns must not be empty',
    chosen &&
      new Set(chosen).size < chosen.length &&
      `columns must not repeat a name: ${JSON.stringify(chosen)}`,
    !/^[^"\r\n]$/u.test(delimiter) &&
      `delimiter must be one character other than a quote or a line break, not ${JSON.stringify(delimiter)}`,
    ...problems,
  ]);

  function toCsv(rows: readonly (readonly unknown[])[]): string {
    return stringify([...rows], {
      delimiter,
      escape_formulas: escapeFormulas,
      // An empty field alone would be an empty line, which readers skip.
      quoted_empty: rows[0]?.length === 1,
    });
  }

  return {
    format: { name: gzip ? 'csv.gz' : 'csv', columns: chosen, delimiter, bom, escapeFormulas, ...gzip },
    path,
    async open(position) {
      const saved = position as Position | undefined;
      const file = await openTextFile(path, saved?.bytes ?? 0, gzip);
      let columns = chosen ?? saved?.columns ?? null;

      const heading = (names: readonly string[]) =>
        file.isEmpty() ? (bom ? '\ufeff' : '') + toCsv([names]) : '';

      return {
        async write(items) {
          if (items.length === 0) return;
          const records = items.map(objectOf);
          const names = columns ?? namesOf(records);
          if (!chosen) refuseOtherMembers(records, names);
          const rows = records.map((record) => names.map((name) => fieldOf(memberOf(record, name))));
          columns = names;
          await file.append(heading(names) + toCsv(rows));
        },
        async save() {
          const bytes = await file.save();
          return bytes === undefined ? undefined : { bytes, columns };
        },
        async finish() {
          if (columns) await file.append(heading(columns));
          await file.finish();
        },
        close: file.close,
      };
    },
  };
}

type CsvRecord = Readonly<Record<string, unknown>>;

function objectOf(item: unknown): CsvRecord {
  if (typeof item === 'object' && item !== null && !Array.isArray(item)) return item as CsvRecord;
  const what = Array.isArray(item) ? 'a list' : item === null ? 'null' : `a ${typeof item}`;
  throw new BatchError(
    `a record is ${what}, but CSV requires objects. Write JSON Lines instead.`,
    'ERR_RECORD',
  );
}

function namesOf(records: readonly CsvRecord[]): readonly string[] {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  if (names.length > 0) return names;
  const message = 'the records of the first page have no members, so the columns are unknown. Set `columns`.';
  throw new BatchError(message, 'ERR_RECORD', { resumable: false });
}

function refuseOtherMembers(records: readonly CsvRecord[], columns: readonly string[]): void {
  const known = new Set(columns);
  const others = records.flatMap((record) =>
    Object.keys(record).filter((name) => !known.has(name) && (record[name] ?? null) !== null),
  );
  const other = others[0];
  if (other === undefined) return;
  throw new BatchError(
    `a record has the member ${JSON.stringify(other)}, but the columns come from the first page, where no record has it. ` +
      'Set `columns` and start over with `restart`, which keeps the current file under another name.',
    'ERR_RECORD',
    { resumable: false },
  );
}

function memberOf(record: CsvRecord, column: string): unknown {
  if (Object.hasOwn(record, column)) return record[column];
  let value: unknown = record;
  for (const name of column.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as CsvRecord)[name];
  }
  return value;
}

/** Keeps numbers as numbers, because escape_formulas would treat the text of a negative number as a formula. */
function fieldOf(value: unknown): string | number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number') return value;
  return typeof value === 'boolean' ? String(value) : toJson(value);
}
