import { isWhole, refuse } from '../../core/internal.ts';
import type { CheckRecords, ImportTarget } from './target.ts';

const OUTCOMES = ['accepted', 'refused', 'again', 'unknown'];
const VERDICTS = ['present', 'absent', 'unknown'];

/** Returns the problem with the limits of a target, if any. */
export function targetProblem({ maxRecords }: ImportTarget): string | false {
  return (
    !isWhole(maxRecords, 1) && `target.maxRecords must be a whole number above 0, not ${describe(maxRecords)}`
  );
}

/**
 * Returns a target that checks what the functions of another target return. Anything else than the contract would otherwise count as a
 * refusal of the record, or as its acceptance.
 *
 * Its functions throw ConfigurationError.
 */
export function checkedTarget(target: ImportTarget): ImportTarget {
  const { name, check } = target;
  const problems = (of: string, found: readonly (string | false)[]) =>
    refuse(`import target ${name}: ${of}`, found);
  const text = (of: string, value: unknown) => {
    problems(of, [
      value !== undefined &&
        typeof value !== 'string' &&
        `must return a string or undefined, not ${describe(value)}`,
    ]);
    return value as string | undefined;
  };

  return {
    ...target,
    request(records) {
      const config: unknown = target.request(records);
      problems('request', [
        !isPlainObject(config) && `must return a request of axios, not ${describe(config)}`,
      ]);
      return config as ReturnType<ImportTarget['request']>;
    },
    results(response, records) {
      const results: unknown = target.results(response, records);
      problems(
        'results',
        listProblems(results, records.length, OUTCOMES, (result) => Object(result).outcome),
      );
      return results as ReturnType<ImportTarget['results']>;
    },
    ...(target.problem && { problem: (record) => text('problem', target.problem?.(record)) }),
    ...(target.idOf && { idOf: (record) => text('idOf', target.idOf?.(record)) }),
    ...(check && { check: checkedCheck(check, (found) => problems('check', found)) }),
  };
}

function checkedCheck(
  check: CheckRecords,
  problems: (found: readonly (string | false)[]) => void,
): CheckRecords {
  return async (records, request) => {
    const verdicts: unknown = await check(records, request);
    problems(listProblems(verdicts, records.length, VERDICTS, (verdict) => verdict));
    return verdicts as Awaited<ReturnType<CheckRecords>>;
  };
}

/** @param wordOf returns the word that an element must state. */
function listProblems(
  list: unknown,
  length: number,
  words: readonly string[],
  wordOf: (element: unknown) => unknown,
): (string | false)[] {
  const allowed = words.map((word) => `'${word}'`).join(', ');
  if (!Array.isArray(list))
    return [`must return a list with one of ${allowed} for each record, not ${describe(list)}`];
  const wrong = list.findIndex((element) => !words.includes(wordOf(element) as string));
  return [
    list.length !== length && `must return ${length} elements, one for each record, not ${list.length}`,
    wrong >= 0 &&
      `must return one of ${allowed} for each record, not ${describe(wordOf(list[wrong]) ?? list[wrong])}`,
  ];
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isPromise(value);
}

function isPromise(value: unknown): boolean {
  return typeof Object(value).then === 'function';
}

/** Describes a value of a target without the content of a record. */
function describe(value: unknown): string {
  if (isPromise(value)) return 'a promise';
  if (typeof value === 'string') return `'${value.slice(0, 40)}'`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
