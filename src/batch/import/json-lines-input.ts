import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import { parseExact } from '../json/parse-exact.ts';
import type { InputRecord, RecordInput } from './input.ts';
import { checkJsonLines } from './json-form.ts';
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

/** A line of a rejects or unresolved file has one of these members and `record`, and no other. */
const WRAPPERS = ['rejected', 'unresolved'] as const;

const OPTIONS: OptionTable<JsonLinesInputOptions> = {
  maxLineBytes: 'number',
  lastRowComplete: 'boolean',
  exactNumbers: 'boolean',
};

/**
 * Reads JSON Lines: UTF-8, one JSON value per line. Skips empty lines.
 *
 * The rejects and unresolved files of an import can be imported without changes: from a line with exactly two members, `record` and
 * either `rejected` or `unresolved`, only the record is read.
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

function toRecord({ text, ...position }: Row, parse: (text: string) => unknown): InputRecord {
  const bad = (reason: string) => ({ ...position, bad: { reason, text } });
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    return bad(error instanceof RangeError ? error.message : 'the line is not valid JSON');
  }
  const names = Object.keys(Object(value));
  const wrapped =
    Array.isArray(value) || names.length !== 2 ? undefined : WRAPPERS.find((name) => names.includes(name));
  if (wrapped === undefined) return { ...position, value };
  const inner = value as { record?: unknown };
  if (names.includes('record')) return { ...position, value: inner.record, list: wrapped };
  if (names.includes('text')) return bad('the line was already rejected; replace its "text" with a "record"');
  return { ...position, value };
}
