import { numberProblems, refuse } from '../../core/internal.ts';
import type { InputRecord, RecordInput } from './input.ts';
import { LONGEST_ROW, type Row, readRows } from './rows.ts';

/** Options of {@link jsonLinesInput}. */
export interface JsonLinesInputOptions {
  /** A longer line ends the import; in bytes. @default 16 MiB */
  maxLineBytes?: number | undefined;
}

/** Lines that hold a record and what became of it have one of these members and `record`, and no other. */
const WRAPPERS = ['rejected', 'unresolved'];

/**
 * Reads JSON Lines: UTF-8, one JSON value a line; empty lines are skipped.
 *
 * The rejects and unresolved files of an import can be fed in again as they are: of a line with just the two members
 * `rejected` or `unresolved`, and `record`, the record is taken.
 *
 * @throws ConfigurationError
 */
export function jsonLinesInput(path: string, options: JsonLinesInputOptions = {}): RecordInput {
  refuse('jsonLinesInput', [
    !(typeof path === 'string' && path) && 'path must be the name of a file',
    ...numberProblems(options, ['maxLineBytes']),
  ]);
  const { maxLineBytes = LONGEST_ROW } = options;
  return {
    path,
    format: 'jsonl',
    async *read(from) {
      for await (const row of readRows(path, from, { maxBytes: maxLineBytes, quoted: false }))
        yield toRecord(row);
    },
  };
}

function toRecord({ text, ...position }: Row): InputRecord {
  const bad = (reason: string) => ({ ...position, bad: { reason, text } });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return bad('the line is no JSON');
  }
  const names = Object.keys(Object(value));
  const wrapped =
    Array.isArray(value) || names.length !== 2 ? undefined : WRAPPERS.find((name) => names.includes(name));
  if (wrapped === undefined) return { ...position, value };
  const inner = value as { record?: unknown };
  if (names.includes('record')) return { ...position, value: inner.record };
  if (names.includes('text'))
    return bad('the line was rejected before; put a record in the place of its text');
  return { ...position, value };
}
