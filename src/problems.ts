import { ConfigurationError } from './errors.ts';

/** Collects what is wrong with a set of options, to say all of it at once. */
export interface Problems {
  /** Notes a problem unless the condition holds. */
  unless(condition: unknown, problem: string): void;
  /** Notes every named option that is neither undefined nor a number from 0 on. */
  unlessNumbers<T extends object>(options: T, names: readonly (keyof T & string)[]): void;
  /** @throws ConfigurationError when there is any problem. */
  throwIfAny(): void;
}

/** @param what whose options they are, for the message. */
export function collectProblems(what: string): Problems {
  const problems: string[] = [];
  const unless = (condition: unknown, problem: string) => {
    if (!condition) problems.push(problem);
  };
  return {
    unless,
    unlessNumbers(options, names) {
      for (const name of names) {
        const value = options[name];
        unless(
          value === undefined || (Number.isFinite(value) && Number(value) >= 0),
          `${name} must be a number from 0 on`,
        );
      }
    },
    throwIfAny() {
      if (problems.length > 0) throw new ConfigurationError(what, problems);
    },
  };
}
