import { ExactNumber } from '../json/exact-number.ts';
import type { Json } from './source.ts';

/** Named JSON values, such as the body or the query of a request. */
export type JsonMembers = { readonly [name: string]: Json };

/** Returns the names in a path. `a[0].b` has the names of `a.0.b`. */
export function pathOf(path: string): string[] {
  const dotted = path.replace(/\[(\d+)\]/g, '.$1');
  return (path.startsWith('[') ? dotted.slice(1) : dotted).split('.');
}

/**
 * Returns a function that reads the value at a path, such as `paging.total`, `participants.0.purpose` or
 * `participants[0].purpose`. The function returns undefined if there is no value.
 *
 * The path may contain names with dots, such as `@odata.nextLink` of OData.
 */
export function pathReader(path: string): (value: unknown) => unknown {
  const names = pathOf(path);
  return (value) => {
    const whole = memberOf(value, path);
    return whole === undefined ? memberIn(value, names) : whole;
  };
}

/** Returns the value at a path, as {@link pathReader} does. */
export function valueAt(value: unknown, path: string): unknown {
  return pathReader(path)(value);
}

function memberIn(value: unknown, names: readonly string[]): unknown {
  const whole = memberOf(value, names.join('.'));
  if (whole !== undefined) return whole;
  // A name in the response may contain dots: try the first name, then the first two as one name.
  for (let count = 1; count < names.length; count++) {
    const inner = memberOf(value, names.slice(0, count).join('.'));
    const found = inner === undefined ? undefined : memberIn(inner, names.slice(count));
    if (found !== undefined) return found;
  }
  return undefined;
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return undefined;
  // An array has the own property `length`.
  if (Array.isArray(value) && !/^\d+$/.test(name)) return undefined;
  return Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** Returns a copy with a value at a dotted path. Missing objects are created. */
export function withValueAt(members: JsonMembers, path: string, value: Json): JsonMembers {
  const dot = path.indexOf('.');
  if (dot < 0) return { ...members, [path]: value };
  const name = path.slice(0, dot);
  const inner = Object.hasOwn(members, name) ? members[name] : undefined;
  const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
  return {
    ...members,
    [name]: withValueAt(isObject ? (inner as JsonMembers) : {}, path.slice(dot + 1), value),
  };
}
