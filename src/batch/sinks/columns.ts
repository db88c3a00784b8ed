import { nearestName } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { isJsonObject } from '../json/json-object.ts';
import { pathOf, pathReader } from '../sources/member-path.ts';

/** A column of a CSV file. */
export interface Column {
  readonly name: string;
  /** Returns the value of a record; undefined if the record does not have the column. */
  read(record: unknown): unknown;
}

export function columnOf(name: string): Column {
  return { name, read: pathReader(name) };
}

/** Returns the names of the columns that none of the records has. */
export function unseenColumns(names: readonly string[], records: readonly unknown[]): readonly string[] {
  return names.filter((name) => {
    const read = pathReader(name);
    return records.every((record) => read(record) === undefined);
  });
}

/**
 * Checks chosen columns with the first records of an export, and returns the names of the columns that none of the records has.
 *
 * @throws BatchError `ERR_RECORD` if the records have a name similar to the name of such a column, unless `allowEmptyColumns` is true.
 */
export function checkColumns(
  names: readonly string[],
  records: readonly unknown[],
  { allowEmptyColumns = false }: { allowEmptyColumns?: boolean | undefined } = {},
): readonly string[] {
  const unseen = unseenColumns(names, records);
  const chosen = new Set(names.map((name) => pathOf(name).join('.')));
  const misspelt = unseen.flatMap((name) => {
    const nearest = nearestColumn(name, records, chosen);
    return nearest === undefined ? [] : [`no record has ${quote(name)}. Did you mean ${quote(nearest)}?`];
  });
  if (allowEmptyColumns || misspelt.length === 0) return unseen;
  throw new BatchError(
    `columns: ${misspelt.join(' ')} Correct columns (--columns), and set restart (--restart) if the export has begun. ` +
      'If only later records have the column, set allowEmptyColumns (--allow-empty-columns).',
    'ERR_RECORD',
    { resumable: false },
  );
}

/** Returns the column with the most similar name at the level where the path leaves the records. */
function nearestColumn(
  column: string,
  records: readonly unknown[],
  chosen: ReadonlySet<string>,
): string | undefined {
  const path = pathOf(column);
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const parent = path.slice(0, depth).join('.');
    const inner = depth === 0 ? records : records.map(pathReader(parent));
    const names = new Set(inner.filter(isJsonObject).flatMap(Object.keys));
    if (names.size === 0) continue;
    if (names.has(path[depth] ?? '')) return undefined;
    const prefix = depth === 0 ? '' : `${parent}.`;
    // Another chosen column is not a correction: `end` can be missing in all records that have `start`.
    const others = [...names].filter((name) => !chosen.has(prefix + name));
    const nearest = nearestName(path[depth] ?? '', others);
    return nearest === undefined ? undefined : [prefix + nearest, ...path.slice(depth + 1)].join('.');
  }
  return undefined;
}

const quote = (name: string) => JSON.stringify(name);
