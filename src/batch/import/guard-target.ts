import type { AxiosResponse } from 'axios';
import { ConfigurationError } from '../../core/index.ts';
import { isWhole, messageOf, type Problem, printable } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { isJsonObject } from '../json/json-object.ts';
import { NO_REASON } from './error-entry.ts';
import type { CheckRecords, ImportTarget, RecordResult } from './target.ts';

const OUTCOMES = ['accepted', 'refused', 'again', 'unknown'];
const VERDICTS = ['present', 'absent', 'unknown'];

/** Returns the problems of a target's members that are not functions of a record. */
export function targetProblems(target: ImportTarget | undefined): Problem[] {
  if (typeof target?.request !== 'function')
    return ['target must be an import target, such as genesysContactList(...)'];
  const { name, maxRecords, maxBytes } = target;
  return [
    !(typeof name === 'string' && name) &&
      `target: name must be a text that is not empty, not ${shown(name)}`,
    typeof target.results !== 'function' &&
      `target: results must be a function that returns the result of each record, not ${shown(target.results)}`,
    !isWhole(maxRecords, 1) &&
      `target: maxRecords must be a whole number of 1 or more, not ${shown(maxRecords)}`,
    maxBytes !== undefined &&
      !(typeof maxBytes === 'number' && maxBytes >= 1) &&
      `target: maxBytes must be a number of 1 or more, not ${shown(maxBytes)}`,
    ...(['problem', 'idOf', 'check'] as const).map(
      (member) =>
        target[member] !== undefined &&
        typeof target[member] !== 'function' &&
        `target: ${member} must be a function, not ${shown(target[member])}`,
    ),
  ];
}

/**
 * Returns the same target, but its functions throw a ConfigurationError if they return something else than the contract of `ImportTarget`
 * allows. Read as a result, such a value would accept or reject records without a reason.
 */
export function guardTarget(target: ImportTarget): ImportTarget {
  /** Throws the error that names the target, what its function returned, and what is allowed. */
  const refuse = (member: string, allowed: string, found: string): never => {
    throw new ConfigurationError(`target ${JSON.stringify(printable(target.name))}`, [
      `${member} must return ${allowed}, not ${found}`,
    ]);
  };

  function text(member: 'problem' | 'idOf', value: unknown): string | undefined {
    if (value === undefined || typeof value === 'string') return value;
    return refuse(
      member,
      `a string or undefined${member === 'idOf' ? ' (for a number: String(id))' : ''}`,
      kindOf(value),
    );
  }

  function results(response: AxiosResponse, records: readonly unknown[]): readonly RecordResult[] {
    const list: unknown = target.results(response, records);
    const allowed = `a list with one result for each record, each an object with the outcome ${words(OUTCOMES)}`;
    if (!Array.isArray(list)) return refuse('results', allowed, shown(list));
    if (list.length !== records.length)
      return refuse('results', allowed, `${list.length} results for ${records.length} records`);
    return list.map((result: unknown) => {
      if (!isJsonObject(result)) return refuse('results', allowed, `a list with ${shown(result)}`);
      const { outcome, reason, status } = result;
      if (!OUTCOMES.includes(outcome as string))
        return refuse('results', allowed, `the outcome ${shown(outcome)}`);
      return {
        outcome,
        reason: typeof reason === 'string' && reason !== '' ? reason : NO_REASON,
        ...(typeof status === 'number' && { status }),
      } as RecordResult;
    });
  }

  const check: CheckRecords = async (records, request) => {
    const allowed = `one verdict for each record: ${words(VERDICTS)}`;
    let verdicts: unknown;
    try {
      verdicts = await target.check?.(records, request);
    } catch (error) {
      throw new BatchError(`check failed: ${messageOf(error)}`, 'ERR_CALLBACK', { cause: error });
    }
    if (!Array.isArray(verdicts)) return refuse('check', allowed, shown(verdicts));
    if (verdicts.length !== records.length)
      return refuse('check', allowed, `${verdicts.length} verdicts for ${records.length} records`);
    const other = verdicts.findIndex((verdict) => !VERDICTS.includes(verdict));
    return other < 0 ? verdicts : refuse('check', allowed, `the verdict ${shown(verdicts[other])}`);
  };

  return {
    name: target.name,
    query: target.query,
    maxRecords: target.maxRecords,
    maxBytes: target.maxBytes,
    idField: target.idField,
    refusals: target.refusals,
    request(records) {
      const config: unknown = target.request(records);
      if (isJsonObject(config) && !isPromise(config)) return config;
      return refuse('request', 'the axios config of a request, an object', shown(config));
    },
    results,
    ...(target.problem && { problem: (record) => text('problem', target.problem?.(record)) }),
    // An API does not recognize a record by an empty id.
    ...(target.idOf && { idOf: (record) => text('idOf', target.idOf?.(record)) || undefined }),
    ...(target.check && { check }),
  };
}

/** Describes a value of a record, which can be confidential. */
function kindOf(value: unknown): string {
  return typeof value === 'object' || isPromise(value) ? shown(value) : `a ${typeof value}`;
}

/** Describes a value without its content, which can be confidential; a short word is shown, because it can be a typing error. */
function shown(value: unknown): string {
  if (isPromise(value)) return 'a promise: the function must not be async';
  if (typeof value === 'string') return JSON.stringify(printable(value).slice(0, 40));
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function isPromise(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function words(all: readonly string[]): string {
  return `${all
    .slice(0, -1)
    .map((word) => `'${word}'`)
    .join(', ')} or '${all.at(-1)}'`;
}
