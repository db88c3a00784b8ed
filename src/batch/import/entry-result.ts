import { printable } from '../../core/internal.ts';
import { reasonOf } from '../describe-failure.ts';
import { isJsonObject, type JsonObject } from '../json/json-object.ts';
import { type RecordResult, unknownResult } from './target.ts';

/**
 * Returns the result that an error states for its record: `again` if the API calls the reason temporary, `unknown` if the API may have stored the
 * record.
 *
 * @param status the HTTP status of the record, if the response states it.
 */
export function failureOf(error: unknown, status: number | undefined): RecordResult {
  const reason = reasonIn(error);
  const about = { reason, ...(status !== undefined && { status }) };
  if (Object(error).retryable === true || status === 429 || status === 503)
    return { outcome: 'again', ...about };
  if (status !== undefined && (status < 400 || status === 408 || status >= 500)) return unknownResult(reason);
  return { outcome: 'refused', ...about };
}

/** Reads an entry that is either the record as the API stored it or an error in its place. */
export function readStoredOrError(entry: JsonObject): RecordResult {
  const { status, success, code, message, id } = entry;
  const error = [entry.error, entry.errors].find(isPresent);
  const isStatus = typeof status === 'number' && status >= 400;
  const isError = isStatus || success === false || (isPresent(code) && isPresent(message) && !isPresent(id));
  if (error === undefined && !isError) return { outcome: 'accepted' };
  return failureOf(
    isJsonObject(error) || error === undefined ? { ...entry, ...Object(error) } : error,
    isStatus ? status : undefined,
  );
}

/** Returns whether a value states an error: an object or list with content, `true`, a text or a number that is not 0. */
export function isPresent(error: unknown): boolean {
  return typeof error === 'object' && error !== null ? Object.keys(error).length > 0 : Boolean(error);
}

/** Returns the reason that an error states. */
export function reasonIn(error: unknown): string {
  return findReason(error) ?? 'the API gave no reason';
}

function findReason(error: unknown): string | undefined {
  if (Array.isArray(error)) return findReason(error[0]);
  if (typeof error === 'string' && error !== '') return printable(error).slice(0, 300);
  if (!isJsonObject(error)) return undefined;
  return reasonOf(error, {}) ?? (typeof error.code === 'string' ? findReason(error.code) : undefined);
}
