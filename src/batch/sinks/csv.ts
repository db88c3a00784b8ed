import type { Writable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import { type Problem, readOptions, refuse } from '../../core/internal.ts';
import { checkColumns, columnOf, unseenColumns } from './columns.ts';
import { CSV_OPTIONS, type CsvOptions, csvProblems, rowModel } from './csv-options.ts';
import {
  countOtherMembers,
  csvRecords,
  fieldOf,
  namesOf,
  type OtherMembers,
  otherMembersWarning,
  refuseOtherMembers,
} from './csv-records.ts';
import { fileTarget } from './file-target.ts';
import type { Sink } from './sink.ts';
import { streamTarget } from './stream-target.ts';
import {
  type Compression,
  compression,
  GZIP_OPTIONS,
  type GzipOptions,
  openText,
  type TextTarget,
} from './text-output.ts';

/** Position up to which a file is saved. */
interface Position {
  bytes: number;
  /** Null until the first page with records. */
  columns: readonly string[] | null;
  /** The chosen columns that no record has yet. Absent until the first page with records. */
  unseen?: readonly string[] | undefined;
  /** Members that are not columns. Only for `rows` without chosen columns. */
  others?: OtherMembers | undefined;
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
  const [own, problems] = readOptions(options, CSV_OPTIONS);
  return csvFileSink('csvFile', path, own, problems);
}

/**
 * Returns a sink that writes records as {@link csvFile} does, compressed with gzip.
 *
 * @param path of the file. The checkpoint, journal and lock are stored next to the file.
 * @throws ConfigurationError
 */
export function gzipCsvFile(path: string, options: CsvOptions & GzipOptions = {}): Sink {
  const [own, problems] = readOptions(options, { ...CSV_OPTIONS, ...GZIP_OPTIONS });
  const gzip = compression('gzipCsvFile', gzipOf(own));
  return csvFileSink('gzipCsvFile', path, own, problems, gzip);
}

/**
 * Returns a sink that writes records to a stream, such as `process.stdout`, as {@link csvFile} writes them to a file. The stream is used as
 * {@link jsonLinesStream} uses it.
 *
 * @throws ConfigurationError
 */
export function csvStream(stream: Writable, options: CsvOptions = {}): Sink {
  const [own, problems] = readOptions(options, CSV_OPTIONS);
  return csvSink('csvStream', streamTarget(stream), own, problems);
}

/**
 * Returns a sink that writes records to a stream as {@link csvStream} does, compressed with gzip. The stream receives up to
 * `memberSize` bytes of text at a time.
 *
 * @throws ConfigurationError
 */
export function gzipCsvStream(stream: Writable, options: CsvOptions & GzipOptions = {}): Sink {
  const [own, problems] = readOptions(options, { ...CSV_OPTIONS, ...GZIP_OPTIONS });
  const gzip = compression('gzipCsvStream', gzipOf(own));
  return csvSink('gzipCsvStream', streamTarget(stream), own, problems, gzip);
}

const gzipOf = ({ level, memberSize }: GzipOptions): GzipOptions => ({ level, memberSize });

function csvFileSink(
  caller: string,
  path: string,
  options: CsvOptions,
  problems: readonly Problem[],
  gzip?: Compression,
): Sink {
  const at = (other: string) => csvFileSink(caller, other, options, problems, gzip);
  return { ...csvSink(caller, fileTarget(path, gzip), options, problems, gzip), at };
}

function csvSink(
  caller: string,
  target: TextTarget,
  options: CsvOptions,
  problems: readonly Problem[],
  gzip?: Compression,
): Sink {
  const { columns: chosen = null, rows: level, allowEmptyColumns, delimiter = ',', bom = false } = options;
  const { escapeFormulas = false } = options;
  refuse(caller, [...csvProblems(options), ...problems]);

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

  const model = rowModel(options);
  const ownColumns = chosen ?? model?.columns.map(({ name }) => name);

  return {
    format: {
      name: gzip ? 'csv.gz' : 'csv',
      columns: chosen,
      ...(level && { rows: level }),
      delimiter,
      bom,
      escapeFormulas,
      ...gzip,
    },
    path: target.path,
    async open(position, signal) {
      const saved = position as Position | undefined;
      const output = await openText(target, saved?.bytes ?? 0, gzip, signal);
      // The file of an earlier version continues with the columns of that version.
      let columns = (chosen ?? saved?.columns ?? ownColumns)?.map(columnOf);
      // Earlier versions saved no such list.
      let unseen = saved?.unseen ?? (saved && saved.bytes > 0 ? [] : undefined);
      let others = saved?.others ?? { rows: 0, names: [] };

      const heading = () => {
        if (!columns || !output.isEmpty()) return '';
        return (bom ? '\ufeff' : '') + toCsv([columns.map(({ name }) => name)]);
      };

      return {
        async write(items) {
          if (items.length === 0) return;
          const records = csvRecords(items, model);
          const used = columns ?? namesOf(records).map(columnOf);
          const lines = toCsv(records.map((record) => used.map(({ read }) => fieldOf(read(record)))));
          if (chosen) {
            unseen = unseen
              ? unseenColumns(unseen, records)
              : checkColumns(chosen, records, { allowEmptyColumns });
          } else if (model) others = countOtherMembers(others, records, used);
          else if (columns) refuseOtherMembers(records, columns);
          columns = used;
          await output.append(heading() + lines);
        },
        async save() {
          const bytes = await output.save();
          if (bytes === undefined) return undefined;
          const names = columns?.map(({ name }) => name) ?? null;
          return { bytes, columns: names, ...(unseen && { unseen }), ...(others.rows > 0 && { others }) };
        },
        async finish() {
          await output.append(heading());
          await output.finish();
        },
        warnings: () => [
          ...(unseen ?? []).map((name) => `no record has the column ${JSON.stringify(name)}`),
          ...otherMembersWarning(others),
        ],
        close: output.close,
      };
    },
  };
}
