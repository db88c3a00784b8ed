import { isWhole } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { Json } from './source.ts';

/**
 * Returns the cursor of a checkpoint, or undefined at the start of an export.
 *
 * A source checks its cursor before its first request, because the checkpoint could have been changed by hand.
 *
 * @param source the name of the source, for messages.
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`
 */
export function savedCursor<State extends Json>(
  source: string,
  from: Json | undefined,
  isValid: (state: Partial<State>) => boolean,
): State | undefined {
  if (from === undefined) return undefined;
  if (typeof from === 'object' && from !== null && isValid(from as Partial<State>)) return from as State;
  throw new BatchError(
    `the checkpoint has an invalid cursor for ${source}: it does not belong to this export. Restore the checkpoint from a ` +
      'backup, or set restart (--restart) to start over; the existing files are renamed.',
    'ERR_CHECKPOINT_DAMAGED',
  );
}

/** Returns whether a value is absent or a whole number of at least 0. */
export function isOptionalCount(value: unknown): boolean {
  return value === undefined || isWhole(value);
}

/** Checks a member of a cursor. */
type Check = (value: unknown) => boolean;

export const isCount: Check = (value) => Number.isFinite(value) && Number(value) >= 0;
export const isTrue: Check = (value) => value === true;

/** Returns a check for a whole number of at least `least`. */
export const isWholeFrom =
  (least: number): Check =>
  (value) =>
    isWhole(value, least);

/**
 * Returns the cursor of a checkpoint, or undefined at the start of an export.
 *
 * @param checks one for each member that a cursor can have.
 * @param required members that every cursor has.
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`
 */
export function checkedCursor<State extends Json>(
  source: string,
  from: Json | undefined,
  checks: { readonly [Name in keyof Required<State>]: Check },
  required: readonly (keyof State & string)[],
): State | undefined {
  return savedCursor<State>(
    source,
    from,
    (state) => required.every((name) => Object.hasOwn(state, name)) && hasShape(state, checks),
  );
}

/** Returns whether all members of an object are known and valid. */
export function hasShape(value: object, checks: Readonly<Record<string, Check>>): boolean {
  return Object.entries(value).every(([name, inner]) => Object.hasOwn(checks, name) && checks[name]?.(inner));
}
