import { stringify } from 'csv-stringify/sync';
import { refuse } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { toJson } from './json-lines.ts';
import type { Sink } from './sink.ts';
import { type Compression, compression, type GzipOptions, openTextFile } from './text-file.ts';

/** Options of {@link csvFile}. */
export interface CsvOptions {
  /**
   * What to write, in this order; the rest of a record is left out. `a.b` stands for the member `b` of the object `a`,
   * unless there is a member of the name `a.b`.
   * @default the members of the records of the first page that has any
   */
  columns?: readonly string[] | undefined;
  /** One character. @default ',' */
  delimiter?: string | undefined;
  /** Begin with a byte order mark, by which Excel knows that it is UTF-8. @default false */
  bom?: boolean | undefined;
  /**
   * Puts `'` before texts that a spreadsheet would run as a formula: those that begin with `=`, `+`, `-`, `@`, a tab or a carriage
   * return (OWASP, "CSV Injection"). Off, because it changes data, such as each telephone number that begins with `+`.
   * @default false
   */
  escapeFormulas?: boolean | undefined;
}

/** How far a file is. */
interface Position {
  bytes: number;
  /** Null until they are known. */
  columns: readonly string[] | null;
}

/**
 * Writes records as CSV (RFC 4180, with lines ended by a line feed): UTF-8, the names of the columns first.
 *
 * Objects and lists are written as JSON, null and what is missing as nothing. Half a surrogate pair, which UTF-8 cannot say,
 * becomes U+FFFD.
 *
 * Writing ends with a BatchError `ERR_RECORD` for a record that is no object, and for one with a member, not null, that is
 * no column, unless `columns` are given. Nothing of its page is written then.
 *
 * @param path of the file; its checkpoint, journal and lock are kept beside it.
 * @throws ConfigurationError
 */
export function csvFile(path: string, options: CsvOptions = {}): Sink {
  return csvSink('csvFile', path, options);
}

/**
 * Writes records as {@link csvFile} does, compressed with gzip.
 *
 * @param path of the file; its checkpoint, journal and lock are kept beside it.
 * @throws ConfigurationError
 */
export function gzipCsvFile(path: string, options: CsvOptions & GzipOptions = {}): Sink {
  return csvSink('gzipCsvFile', path, options, compression('gzipCsvFile', options));
}

function csvSink(caller: string, path: string, options: CsvOptions, gzip?: Compression): Sink {
  const { columns: given = null, delimiter = ',', bom = false, escapeFormulas = false } = options;
  refuse(caller, [
    given && given.length === 0 && 'columns must name at least one',
    given && new Set(given).size < given.length && 'columns must not name one twice',
    !/^[^"\r\n]$/u.test(delimiter) && 'delimiter must be one character, and neither a quote nor a line end',
  ]);

  function toCsv(rows: readonly (readonly unknown[])[]): string {
    return stringify([...rows], {
      delimiter,
      escape_formulas: escapeFormulas,
      // Else a row of one empty field would be an empty line, which readers pass over.
      quoted_empty: rows[0]?.length === 1,
    });
  }

  return {
    format: { name: gzip ? 'csv.gz' : 'csv', columns: given, delimiter, bom, escapeFormulas, ...gzip },
    path,
    async open(position) {
      const saved = position as Position | undefined;
      const file = await openTextFile(path, saved?.bytes ?? 0, gzip);
      let columns = given ?? saved?.columns ?? null;

      const heading = (names: readonly string[]) =>
        file.isEmpty() ? (bom ? '\ufeff' : '') + toCsv([names]) : '';

      return {
        async write(items) {
          if (items.length === 0) return;
          const records = items.map(objectOf);
          const names = columns ?? namesOf(records);
          if (!given) refuseOtherMembers(records, names);
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
  throw new BatchError(`a record is ${what}: CSV has columns for the members of objects alone`, 'ERR_RECORD');
}

function namesOf(records: readonly CsvRecord[]): readonly string[] {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  if (names.length > 0) return names;
  throw new BatchError('the first records have no members: give `columns`', 'ERR_RECORD', {
    resumable: false,
  });
}

function refuseOtherMembers(records: readonly CsvRecord[], columns: readonly string[]): void {
  const known = new Set(columns);
  const others = records.flatMap((record) =>
    Object.keys(record).filter((name) => !known.has(name) && (record[name] ?? null) !== null),
  );
  const other = others[0];
  if (other === undefined) return;
  throw new BatchError(
    `a record has the member ${JSON.stringify(other)}, which the records of the first page did not have: there is no column for ` +
      'it. Give `columns`, and begin anew (restart): what is there is kept under another name.',
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

/** Numbers stay such: a negative one is no formula. */
function fieldOf(value: unknown): string | number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number') return value;
  return typeof value === 'boolean' ? String(value) : toJson(value);
}
