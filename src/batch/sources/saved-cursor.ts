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
    `the checkpoint has an invalid cursor for ${source}: ${JSON.stringify(from).slice(0, 200)}. Restore the checkpoint from a ` +
      'backup, or set restart (--restart) to start over; the existing files are renamed.',
    'ERR_CHECKPOINT_DAMAGED',
  );
}

/** Returns whether a value is a whole number of at least `least`. */
export function isWhole(value: unknown, least = 0): value is number {
  return Number.isSafeInteger(value) && Number(value) >= least;
}

/** Returns whether a value is absent or a count, which can be a fraction if the API estimates it. */
export function isOptionalCount(value: unknown): boolean {
  return value === undefined || (Number.isFinite(value) && Number(value) >= 0);
}
