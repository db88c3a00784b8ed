import { BatchError } from '../errors.ts';
import type { Json } from './source.ts';

/** Checks a member of a cursor. */
type Check = (value: unknown) => boolean;

export const isCount: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
export const isDigest: Check = (value) => typeof value === 'string' && /^[\w-]{22}$/.test(value);
export const isTrue: Check = (value) => value === true;

/**
 * Returns the cursor of a checkpoint, which someone could have changed.
 *
 * @param checks one for each member of a cursor.
 * @param required members that every cursor has.
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`
 */
export function checkedCursor<State extends object>(
  cursor: Json,
  checks: { readonly [Name in keyof Required<State>]: Check },
  required: readonly (keyof State & string)[],
): State {
  const members = Object(cursor) as { readonly [name: string]: Json };
  const table: { readonly [name: string]: Check } = checks;
  const wrong =
    required.find((name) => !Object.hasOwn(members, name)) ??
    Object.keys(members).find((name) => !(Object.hasOwn(table, name) && table[name]?.(members[name])));
  if (wrong === undefined) return members as State;
  throw new BatchError(
    `the checkpoint cannot be used: its cursor has an invalid value for ${wrong}, which does not belong to this export. ` +
      'Restore the checkpoint from a backup, or set restart (--restart) to start over; the existing files are renamed.',
    'ERR_CHECKPOINT_DAMAGED',
  );
}
