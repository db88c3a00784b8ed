import { nearestName, ownValue, type Problem, refuse } from '../../core/internal.ts';
import { isJsonObject, type JsonObject } from '../json/json-object.ts';
import { toJson } from '../json/to-json.ts';
import { type InputRecord, type RecordInput, START } from './input.ts';

/** The new name of each field that is renamed. */
export type FieldMap = Readonly<Record<string, string>>;

const WHAT = 'mapFields (--map)';

// In a file whose records have different names, there can be millions.
const MOST_NAMES = 100;

/**
 * Renames columns of CSV, or members of JSON objects. The values and the order stay. Members of members keep their names.
 *
 * Records in rejects and unresolved files have the new names. If the input is such a file, the lines that an import has written are not
 * renamed again.
 *
 * The import is refused before its first request if no record has one of the names, or if a record already has a new name.
 *
 * @param map the names in the input, each with its new name.
 * @throws ConfigurationError
 * @example
 * mapFields(csvInput('contacts.csv'), { Phone: 'phone1' });
 */
export function mapFields(input: RecordInput, map: FieldMap): RecordInput {
  const given = Object(map) as FieldMap;
  const names = new Map(Object.keys(given).map((from) => [from, ownValue(given, from) as string]));
  refuse(WHAT, [
    typeof input?.read !== 'function' && 'input must be a record input, such as csvInput(...)',
    names.size === 0 && 'map must be an object of names, such as { Phone: "phone1" }',
    ...nameProblems([...names]),
  ]);

  /** Returns the new name that a record already has. */
  const clashOf = (record: JsonObject) =>
    [...names.values()].find(
      (to) => Object.hasOwn(record, to) && !names.has(to) && sourceOf(record, to) !== undefined,
    );
  const sourceOf = (record: JsonObject, to: string) =>
    [...names.keys()].find((from) => names.get(from) === to && Object.hasOwn(record, from));

  function rename(record: InputRecord): InputRecord {
    const { value, bad, list } = record;
    if (bad || list || !isJsonObject(value)) return record;
    const clash = clashOf(value);
    if (clash !== undefined) {
      const { value: _, ...position } = record;
      return { ...position, bad: { reason: clashReason(clash), text: toJson(value) } };
    }
    const renamed = Object.entries(value).map(([name, one]) => [names.get(name) ?? name, one]);
    return { ...record, value: Object.fromEntries(renamed) };
  }

  return {
    path: input.path,
    format: { map: Object.fromEntries(names), input: input.format },
    async *read(from) {
      for await (const record of input.read(from)) yield rename(record);
    },
    async check() {
      await input.check?.();
      const unseen = new Set(names.keys());
      const found = new Set<string>();
      for await (const { value, list, unfinished } of input.read(START)) {
        if (list || unfinished || !isJsonObject(value)) continue;
        const clash = clashOf(value);
        refuse(WHAT, [clash !== undefined && clashReason(clash)]);
        for (const name of Object.keys(value)) {
          unseen.delete(name);
          if (found.size < MOST_NAMES) found.add(name);
        }
        // All rows of a CSV file have the same columns.
        if (unseen.size === 0 || isCsv(input)) break;
      }
      if (found.size > 0)
        refuse(
          WHAT,
          [...unseen].map((name) => unseenProblem(name, [...found])),
        );
    },
  };

  function clashReason(to: string): string {
    return `a record already has ${quote(to)}, the new name of another field; map ${quote(to)} to another name as well`;
  }
}

function nameProblems(names: readonly (readonly [string, unknown])[]): Problem[] {
  return names.flatMap(([from, to], index) => {
    const same = names.findIndex(([, other]) => other === to);
    return [
      from === '' && 'a name must not be empty',
      (typeof to !== 'string' || to.trim() === '') &&
        `the new name of ${quote(from)} must be a text that is not empty`,
      same < index &&
        `${quote(names[same]?.[0] ?? '')} and ${quote(from)} have the same new name ${quote(String(to))}`,
    ];
  });
}

function unseenProblem(name: string, found: readonly string[]): string {
  const nearest = nearestName(name, found);
  const hint = nearest === undefined ? '' : ` (did you mean ${quote(nearest)}?)`;
  return `no record has ${quote(name)}${hint}; the names in the input are ${found.slice(0, 30).map(quote).join(', ')}`;
}

function isCsv({ format }: RecordInput): boolean {
  return isJsonObject(format) && format.type === 'csv';
}

function quote(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}
