import { ExactNumber } from './exact-number.ts';

/** Named JSON values. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Returns whether a value is a JSON object: not null, a list, or an exact number. */
export function isJsonObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
  );
}
