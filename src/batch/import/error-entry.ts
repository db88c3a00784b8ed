import { printable } from '../../core/internal.ts';
import { reasonOf } from '../describe-failure.ts';
import { isJsonObject, type JsonObject } from '../json/json-object.ts';
import { failed } from './match-results.ts';
import type { RecordResult } from './target.ts';

/** Returns the result that an error in the place of a record states; undefined for any other entry. */
export function errorEntry(entry: JsonObject): RecordResult | undefined {
  const { error, errors, success } = entry;
  const inner = [error, errors].find(isPresent);
  const detail: JsonObject = isJsonObject(inner) ? inner : {};
  const status = [entry.status, entry.statusCode, detail.status].find(isStatus);
  const isError =
    inner !== undefined ||
    success === false ||
    (status !== undefined && status >= 400) ||
    (entry.id === undefined && isPresent(entry.code) && typeof entry.message === 'string');
  if (!isError) return undefined;
  const reason = reasonIn(inner) ?? reasonIn(entry) ?? NO_REASON;
  return failed(reason, status, entry.retryable === true || detail.retryable === true);
}

export const NO_REASON = 'the API gave no reason';

/** Returns whether a value states an error: it is not empty and not `false`. */
export function isPresent(error: unknown): boolean {
  return typeof error === 'object' && error !== null ? Object.keys(error).length > 0 : Boolean(error);
}

/** Returns the reason in an error, if any. */
export function reasonIn(error: unknown): string | undefined {
  if (Array.isArray(error)) return reasonIn(error[0]);
  if (typeof error === 'string' && error !== '') return printable(error).slice(0, 300);
  if (!isJsonObject(error)) return undefined;
  return reasonOf(error, {}) ?? (typeof error.code === 'string' ? reasonIn(error.code) : undefined);
}

function isStatus(status: unknown): status is number {
  return typeof status === 'number' && status >= 100 && status <= 599;
}
