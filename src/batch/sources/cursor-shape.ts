import { isWhole, savedCursor } from './saved-cursor.ts';
import type { Json } from './source.ts';

/** Checks a member of a cursor. */
type Check = (value: unknown) => boolean;

export const isCount: Check = (value) => Number.isFinite(value) && Number(value) >= 0;
export const isDigest: Check = (value) => typeof value === 'string' && /^[\w-]{22}$/.test(value);
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
