import { ConfigurationError } from './errors.ts';

/** A problem with an option, or a falsy value if the option is valid. */
type Problem = string | false | null | undefined | '';

/**
 * Throws one ConfigurationError that lists every problem, if there are any.
 *
 * @param what the function or command that received the options.
 */
export function refuse(what: string, problems: readonly Problem[]): void {
  const found = problems.filter((problem): problem is string => Boolean(problem));
  if (found.length > 0) throw new ConfigurationError(what, found);
}

/** Checks that each named option is absent or a number of at least 0. */
export function numberProblems<T extends object>(
  options: T,
  names: readonly (keyof T & string)[],
): Problem[] {
  return names.map((name) => {
    const value: unknown = options[name];
    return value === undefined || (typeof value === 'number' && value >= 0)
      ? undefined
      : `${name} must be a number >= 0`;
  });
}

/** Adds the name of the option to a problem. */
export function prefixed(option: string, problem: string | undefined): string | undefined {
  return problem && `${option}: ${problem}`;
}
