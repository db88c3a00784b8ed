import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import { isJsonObject } from '../json/json-object.ts';
import { parseExact } from '../json/parse-exact.ts';
import type { InputRecord, RecordInput } from './input.ts';
import { checkJsonLines } from './json-form.ts';
import { readListLine } from './list-line.ts';
import { LONGEST_ROW, type Row, readRows } from './rows.ts';

/** Options of {@link jsonLinesInput}. */
export interface JsonLinesInputOptions {
  /** Maximum size of a line in bytes. A longer line ends the import. @default 16 MiB */
  maxLineBytes?: number | undefined;
  /** Reads a last row without a line end too. Without this option, another process may still be writing the row. @default false */
  lastRowComplete?: boolean | undefined;
  /** Keeps the digits of numbers that JavaScript cannot represent, as {@link ExactNumber}. @default true */
  exactNumbers?: boolean | undefined;
}

const ALREADY_REJECTED = 'the line was already rejected; replace its "text" with a "record"';

const OPTIONS: OptionTable<JsonLinesInputOptions> = {
  maxLineBytes: 'number',
  lastRowComplete: 'boolean',
  exactNumbers: 'boolean',
};

/**
 * Reads JSON Lines: UTF-8, one JSON value per line. Skips empty lines.
 *
 * The rejects and unresolved files of an import can be imported: from a line with exactly two members, `record` and either `rejected`
 * or `unresolved`, only the record is read. A line with `text` instead of `record` is rejected again, unless you replace `text` with a
 * `record`, or correct the text to a JSON object.
 *
 * @throws ConfigurationError
 */
export function jsonLinesInput(path: string, options: JsonLinesInputOptions = {}): RecordInput {
  const [own, problems] = readOptions(options, OPTIONS);
  refuse('jsonLinesInput', [...problems, !(typeof path === 'string' && path) && 'path must be a file name']);
  const { maxLineBytes = LONGEST_ROW, exactNumbers = true } = own;
  const rowOptions = { maxBytes: maxLineBytes, quoted: false, lastRowComplete: own.lastRowComplete ?? false };
  const parse = exactNumbers ? parseExact : (text: string): unknown => JSON.parse(text);
  return {
    path,
    format: 'jsonl',
    async *read(from) {
      if (from.offset === 0) await checkJsonLines(path, rowOptions);
      for await (const row of readRows(path, from, rowOptions)) yield toRecord(row, parse);
    },
  };
}

function toRecord(row: Row, parse: (text: string) => unknown): InputRecord {
  const { text, ...position } = row;
  const bad = (reason: string) => ({ ...position, bad: { reason, text } });
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    return bad(error instanceof RangeError ? error.message : 'the line is not valid JSON');
  }
  const line = readListLine(value);
  if (!line) return { ...position, value };
  const { list, origin, reason = ALREADY_REJECTED, content } = line;
  // No process writes half a line of a list that is JSON: an editor has removed the last line end. A cut character is shown as U+FFFD.
  const { unfinished, ...finished } = position;
  const listed = { ...(unfinished && text.includes('\ufffd') ? position : finished), list, origin };
  if ('record' in content) return { ...listed, value: content.record };
  if (typeof content.text !== 'string') return { ...listed, value };
  // The user may have corrected the text instead of replacing it. Other JSON, such as 17, can be a row of a CSV file.
  const corrected = toRecord({ ...row, text: content.text }, parse);
  if (!corrected.bad && isJsonObject(corrected.value)) return { ...listed, ...corrected };
  return { ...listed, bad: { reason, text: content.text } };
}
