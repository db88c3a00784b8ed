import { ConfigurationError } from './errors.ts';
import { nearestName } from './nearest-name.ts';

/** A problem with an option, or a falsy value if the option is valid. */
export type Problem = string | false | null | undefined | '';

/** What the value of an option must be: a type as `typeof` names it, or `any` for values with a check of their own. */
type OptionKind = 'any' | 'array' | 'boolean' | 'function' | 'number' | 'object' | 'string';

/** All names of the options in `T`. The compiler finds a name that is missing here. */
export type OptionTable<T> = { readonly [Name in keyof T]-?: OptionKind };

/**
 * Throws one ConfigurationError that lists every problem, if there are any.
 *
 * @param what the function or command that received the options.
 */
export function refuse(what: string, problems: readonly Problem[]): void {
  const found = problems.filter((problem): problem is string => Boolean(problem));
  if (found.length > 0) throw new ConfigurationError(what, found);
}

/**
 * Copies the options of a table and lists problems: unknown names, values of another type, and numbers below 0.
 *
 * The copy has no prototype and no value of `Object.prototype`, which other code in the process may have polluted.
 *
 * @param path the option that holds these options, with a dot at its end, for messages.
 */
export function readOptions<T extends object>(
  options: T | null | undefined,
  table: OptionTable<T>,
  path = '',
): [own: T, problems: Problem[]] {
  const given = Object(options) as T;
  const own = Object.create(null) as T;
  const names = Object.keys(table) as (keyof T & string)[];
  const prototype = Object.getPrototypeOf(given);
  // An instance of a class may have fields of its own.
  const isPlain = !prototype || !Object.getPrototypeOf(prototype);
  const problems: Problem[] = Object.keys(given).map((name) => {
    if (!isPlain || Object.hasOwn(table, name)) return undefined;
    // Bundlers replace the condition in production and drop the search.
    const hint =
      typeof process !== 'undefined' && process.env.NODE_ENV !== 'production' ? suggestion(name, names) : '';
    return `unknown option ${path}${name}${hint}`;
  });
  for (const name of names) {
    const value = ownValue(given, name);
    if (value === undefined) continue;
    const kind = table[name];
    const isNumber = kind === 'number';
    // `null` is an object for `typeof`.
    const found = Array.isArray(value) && kind === 'array' ? kind : value === null ? 'null' : typeof value;
    const isValid = kind === 'any' || (found === kind && !(isNumber && !((value as number) >= 0)));
    // Later checks of an invalid value could throw another error.
    if (isValid) own[name] = value as T[typeof name];
    else
      problems.push(
        `${path}${name} must be ${/^[ao]/.test(kind) ? 'an' : 'a'} ${kind}${isNumber ? ' >= 0' : ''}`,
      );
  }
  return [own, problems];
}

function suggestion(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names);
  return nearest ? `; did you mean ${nearest}?` : '';
}

/** Reads a property, unless `Object.prototype` provides its value, because other code in the process may have polluted it. */
export function ownValue<T extends object, Name extends keyof T>(object: T, name: Name): T[Name] | undefined {
  return name in Object.prototype && !Object.hasOwn(object, name) ? undefined : object[name];
}

/** Adds the name of the option to a problem. */
export function prefixed(option: string, problem: string | undefined): string | undefined {
  return problem && `${option}: ${problem}`;
}
