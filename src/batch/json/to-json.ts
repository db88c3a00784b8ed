import { stringify } from 'lossless-json';
import { messageOf } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { ExactNumber, ExactNumberError } from './exact-number.ts';

/** Returns a record as a line of JSON. @throws BatchError `ERR_RECORD` if JSON cannot represent the record. */
export function toJsonLine(record: unknown): string {
  // JSON escapes line feeds in strings, so a record is always one line.
  return `${toJson(record)}\n`;
}

/**
 * Returns a value as JSON text, with the digits of each {@link ExactNumber}. Use it instead of `JSON.stringify` in a sink of your own.
 *
 * @throws BatchError `ERR_RECORD` if JSON cannot represent the value.
 */
export function toJson(value: unknown): string {
  let text: string | undefined;
  let reason = 'it is undefined or a function';
  try {
    text = stringifyExact(value);
  } catch (error) {
    reason = messageOf(error);
  }
  if (text === undefined) throw new BatchError(`a record cannot be written as JSON: ${reason}`, 'ERR_RECORD');
  return text;
}

function stringifyExact(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // Only a value with an exact number takes the slow path.
    if (!(error instanceof ExactNumberError)) throw error;
    return stringify(value, undefined, undefined, [EXACT]);
  }
}

const EXACT = { test: (value: unknown) => value instanceof ExactNumber, stringify: String };
