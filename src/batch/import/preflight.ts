import { nearestName, printable, refuse } from '../../core/internal.ts';
import { isJsonObject } from '../json/json-object.ts';
import { type RecordInput, START } from './input.ts';
import type { ImportTarget } from './target.ts';

// Enough to recognize the columns of a file.
const LISTED_NAMES = 20;

/**
 * Checks an input before the first request: whether the file has the right format, and whether a record has an id if the target
 * expects ids. Without ids, every record of a misspelt `idField` would be sent without its id, and a second import would double it.
 *
 * @throws ConfigurationError if no record has the member with the id, or from the input's own check.
 */
export async function preflight(input: RecordInput, target: ImportTarget): Promise<void> {
  await input.check?.();
  const { idField } = target;
  const names = new Set<string>();
  let hasMember = false;
  let isWithinData = false;
  for await (const { value, bad, list, unfinished } of input.read(START)) {
    if (idField === undefined || !target.idOf) return;
    // The records of an unresolved file usually have no ids.
    if (bad || unfinished || list === 'unresolved' || !isJsonObject(value)) continue;
    if (target.idOf(value) !== undefined) return;
    for (const name of Object.keys(value)) if (names.size < LISTED_NAMES) names.add(name);
    hasMember ||= Object.hasOwn(value, idField);
    isWithinData ||= isJsonObject(value.data) && Object.hasOwn(value.data, idField);
  }
  if (idField === undefined || names.size === 0) return;
  const field = quoted(idField);
  const listed = [...names].map(quoted).join(', ');
  refuse('idField (--id-field, --keeps-ids)', [
    isWithinData
      ? `the records of ${input.path} have ${field} within "data". A record with "data" needs its id in the member "id", beside ` +
        '"data": add it, or import only the content of "data" as the record'
      : hasMember
        ? `no record of ${input.path} has a text or a number as its id in ${field}`
        : `no record of ${input.path} has ${field}. ${suggestion(idField, [...names])}The records have ${listed}`,
  ]);
}

function suggestion(idField: string, names: readonly string[]): string {
  const joined = names.some((name) => /[;\t|]/.test(name)) || (names.length === 1 && names[0]?.includes(','));
  if (joined) return 'The file seems to have another delimiter: set the delimiter (--delimiter). ';
  // A name with spaces around it can be too different from a short idField.
  const nearest = names.find((name) => name.trim() === idField) ?? nearestName(idField, names);
  return nearest === undefined ? '' : `Did you mean ${quoted(nearest)}? `;
}

function quoted(name: string): string {
  return JSON.stringify(printable(name).slice(0, 80));
}
