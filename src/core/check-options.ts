import { ConfigurationError } from './errors.ts';

/** A problem with an option, or whatever is falsy for none. */
type Problem = string | false | null | undefined | '';

/**
 * Throws one error that lists every problem; does nothing when there is none.
 *
 * @param what whose options they are.
 */
export function refuse(what: string, problems: readonly Problem[]): void {
  const found = problems.filter((problem): problem is string => Boolean(problem));
  if (found.length > 0) throw new ConfigurationError(what, found);
}

/** Says of each of the named options whether it is none to count or wait with. */
export function numberProblems<T extends object>(
  options: T,
  names: readonly (keyof T & string)[],
): Problem[] {
  return names.map((name) => {
    const value: unknown = options[name];
    return value === undefined || (typeof value === 'number' && value >= 0)
      ? undefined
      : `${name} must be a number from 0 on`;
  });
}

/** Says which option a problem is with. */
export function prefixed(option: string, problem: string | undefined): string | undefined {
  return problem && `${option}: ${problem}`;
}
