import type { AxiosResponse } from 'axios';
import { isWhole, type Problem } from '../../../core/internal.ts';
import { isJsonObject, type JsonObject } from '../../json/json-object.ts';
import { valueAt } from '../../sources/member-path.ts';
import { isPresent, NO_REASON, reasonIn } from '../error-entry.ts';
import { failed, idText, matchResults, unknown } from '../match-results.ts';
import { type RecordResult, unexpectedResults } from '../target.ts';

/** Where a response has the result of each record. All are paths, such as `data.items`. */
export interface ResultOptions {
  /**
   * The path of the list of results; '' if the response is the list. Each record needs a result: at `resultId`, else at the same position.
   * @default a response with a 2xx status accepts all its records
   */
  resultsAt?: string | undefined;
  /** In a result: the path of the record's id, the value of `idField`. @default results are in the order of the records */
  resultId?: string | undefined;
  /**
   * In a result: the path of a value that is `true` if the API stored the record. `path=value` requires another value, such as
   * `code=SUCCESS`. @default a result without an error is a success
   */
  resultSuccess?: string | undefined;
  /** In a result: the path of its HTTP status. After 429 and 503 the record is sent again. @default unknown */
  resultStatus?: string | undefined;
  /** In a result: the path of its error. No value, an empty one and `false` mean no error. @default `error` and `errors` */
  resultError?: string | undefined;
  /** The path of a list of errors, if errors are not in the results. Requires `errorId`. @default none */
  errorsAt?: string | undefined;
  /** In an error of `errorsAt`: the path of the id of its record, or of a list of ids. */
  errorId?: string | undefined;
}

/** @property idField the path of the id in a record, if the API recognizes records by it: a result with the id belongs to the record. */
type ReaderOptions = ResultOptions & { idField?: string | undefined };

type IdOf = (record: unknown) => string | undefined;

/** The paths in a result, which `resultsAt` or a request with one record needs. */
const IN_RESULT = ['resultId', 'resultSuccess', 'resultStatus', 'resultError'] as const;

/** Returns the problems of the options. */
export function resultProblems(options: ResultOptions, hasId: boolean, isSingle: boolean): Problem[] {
  const { resultsAt, resultId, errorsAt, errorId } = options;
  return [
    ...IN_RESULT.map(
      (name) =>
        options[name] !== undefined &&
        resultsAt === undefined &&
        !isSingle &&
        `${name} requires resultsAt, the path of the list of results`,
    ),
    resultId !== undefined && !hasId && 'resultId requires idField, the path of the same id in a record',
    errorsAt !== undefined &&
      errorId === undefined &&
      'errorsAt requires errorId, the path of the id in an error',
    errorId !== undefined &&
      errorsAt === undefined &&
      'errorId requires errorsAt, the path of the list of errors',
    errorId !== undefined && !hasId && 'errorId requires idField, the path of the same id in a record',
    errorsAt !== undefined &&
      resultsAt !== undefined &&
      resultId === undefined &&
      'errorsAt with resultsAt requires resultId, because the results have gaps',
  ];
}

/**
 * Returns a function that reads the results of a response. A record without a result of its own is never accepted.
 *
 * @param idOf returns the id by which the response names a record.
 * @param isSingle whether each request has one record, so that the response itself can be its result.
 */
export function resultReader(options: ReaderOptions, idOf: IdOf, isSingle: boolean) {
  const { resultsAt, resultId, errorsAt, errorId = '', idField } = options;
  const hasPaths = IN_RESULT.some((name) => options[name] !== undefined);

  function resultsOf({ data, status }: AxiosResponse, records: readonly unknown[]): readonly RecordResult[] {
    if (resultsAt !== undefined) {
      const list = listAt(data, resultsAt);
      if (!Array.isArray(list)) throw unexpectedResults(`has no list of results${placeOf(resultsAt)}`);
      const path = resultId ?? idField;
      const matched = matchResults({
        entries: list,
        records,
        idOf: path === undefined ? () => undefined : idOf,
        idIn: (result) => (path === undefined ? undefined : idText(valueAt(result, path))),
        read: (result) => verdictOf(result, options),
        assignsIds: resultId === undefined,
        onlyById: resultId !== undefined,
      });
      if (resultId === undefined && list.length !== records.length && matched.every(isUnknown))
        throw unexpectedResults(`has ${list.length} results for ${records.length} records`);
      return matched;
    }
    if (isSingle && errorsAt === undefined && (hasPaths || isJsonObject(data)))
      return [verdictOf(data, options)];
    if (errorsAt === undefined && (status === 207 || isFailure(data, options))) {
      throw unexpectedResults(
        `${status === 207 ? 'has the status 207' : 'contains an error'}; set resultsAt or errorsAt, because the API can accept only some records`,
      );
    }
    return records.map(() => ({ outcome: 'accepted' }));
  }

  return (response: AxiosResponse, records: readonly unknown[]): readonly RecordResult[] => {
    const { data } = response;
    // Without this check the page of a proxy would accept all records.
    if (typeof data === 'string' && /^\s*</.test(data))
      throw unexpectedResults('is HTML or XML instead of JSON');
    const results = resultsOf(response, records);
    if (errorsAt === undefined) return results;
    const { errors, isComplete } = errorsById(data, errorsAt, errorId, records.map(idOf));
    return results.map((result, index) => {
      const error = errors.get(idOf(records[index]) ?? '');
      if (error === undefined) return isComplete || resultsAt !== undefined ? result : unknown(UNNAMED);
      const isContradiction = resultsAt !== undefined && result.outcome === 'accepted';
      return isContradiction
        ? unknown('the response has a result and an error for the record')
        : failureOf(error, undefined);
    });
  };
}

const UNNAMED = 'the response contains an error that does not name its record';

/** Returns the errors by the ids of their records, and whether every error names a record of the request. */
function errorsById(data: unknown, errorsAt: string, errorId: string, ids: readonly (string | undefined)[]) {
  const list = listAt(data, errorsAt) ?? [];
  if (!Array.isArray(list)) throw unexpectedResults(`has no list of errors${placeOf(errorsAt)}`);
  const errors = new Map<string, unknown>();
  let isComplete = true;
  for (const error of list) {
    const named = [valueAt(error, errorId)].flat().map(idText);
    isComplete &&= named.length > 0 && named.every((id) => id !== undefined && ids.includes(id));
    for (const id of named) if (id !== undefined) errors.set(id, error);
  }
  return { errors, isComplete };
}

/** Returns the outcome that one result states. */
function verdictOf(result: unknown, options: ResultOptions): RecordResult {
  const { resultSuccess, resultStatus } = options;
  if (!isJsonObject(result)) {
    return unknown(`the response has ${result === undefined ? 'no' : 'no valid'} result for the record`);
  }
  const status = resultStatus === undefined ? undefined : Number(valueAt(result, resultStatus));
  if (status !== undefined && !isWhole(status, 100)) return unknown('the result of the record has no status');
  let isSuccess = !isFailure(result, options) && (status === undefined || (status >= 200 && status < 300));
  if (resultSuccess !== undefined) {
    const [, path = '', expected = 'true'] = /^([^=]*)(?:=(.*))?$/s.exec(resultSuccess) ?? [];
    const value = valueAt(result, path);
    if (value === undefined || value === null)
      return unknown(`the result of the record has no value${placeOf(path)}`);
    isSuccess &&= String(value) === expected;
  }
  return isSuccess ? { outcome: 'accepted' } : failureOf(errorIn(result, options) ?? result, status);
}

/** Returns whether a result says that it is an error. */
function isFailure(result: unknown, options: ResultOptions): boolean {
  if (!isJsonObject(result)) return false;
  const { resultError, resultSuccess, resultStatus } = options;
  if (resultError !== undefined) return isPresent(valueAt(result, resultError));
  if (resultSuccess !== undefined || resultStatus !== undefined) return false;
  return result.success === false || isPresent(result.error) || isPresent(result.errors);
}

function errorIn(result: JsonObject, { resultError }: ResultOptions): unknown {
  const candidates =
    resultError === undefined ? [result.error, result.errors] : [valueAt(result, resultError)];
  return candidates.find(isPresent);
}

/** @param status the HTTP status of the record, if the response states it. */
function failureOf(error: unknown, status: number | undefined): RecordResult {
  return failed(reasonIn(error) ?? NO_REASON, status, isJsonObject(error) && error.retryable === true);
}

function isUnknown({ outcome }: RecordResult): boolean {
  return outcome === 'unknown';
}

function listAt(data: unknown, path: string): unknown {
  return path === '' ? data : valueAt(data, path);
}

/** Returns where a value is missing, for messages. */
function placeOf(path: string): string {
  return path === '' ? '' : ` at ${JSON.stringify(path)}`;
}
