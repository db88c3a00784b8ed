import type { Json } from './source.ts';

/** Named JSON values, such as the body or the query of a request. */
export type JsonMembers = { readonly [name: string]: Json };

/**
 * Returns the value at a dotted path, such as `paging.total`, or undefined if there is none.
 *
 * The path may contain names with dots, such as `@odata.nextLink` of OData.
 */
export function valueAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const members = value as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(members, path)) return members[path];
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const name = path.slice(0, dot);
    const found = Object.hasOwn(members, name) ? valueAt(members[name], path.slice(dot + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
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
