import { toJson } from '../batch/index.ts';
import type { TableColumn } from './target.ts';

/** The text format of `COPY` for a missing value. */
export const NULL = String.raw`\N`;

/** Returns a value in the text format of `COPY`, converted for the type of its column. */
export function copyValue(given: unknown, { category }: TableColumn): string {
  // As JSON, a date would have quotes.
  const value = given instanceof Date ? given.toJSON() : given;
  if (value === null || value === undefined) return NULL;
  const isText = typeof value === 'string' && category !== 'J';
  const isPlain = typeof value !== 'object' && category !== 'J';
  const text = isText ? storable(value) : isPlain ? String(value) : storableJson(value);
  return text.replace(/[\\\n\r\t]/g, (character) => ESCAPES[character] ?? character);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': String.raw`\\`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
};

/** Returns whether a text has characters that Postgres cannot store: U+0000, and half of a surrogate pair. */
function isStorable(text: string): boolean {
  return !UNSTORABLE.test(text);
}

// With the flag "u", a surrogate is half of a pair.
const UNSTORABLE = /[\0\p{Surrogate}]/u;
const ALL_UNSTORABLE = /[\0\p{Surrogate}]/gu;

function storable(text: string): string {
  return isStorable(text) ? text : text.replace(ALL_UNSTORABLE, '\uFFFD');
}

function storableJson(value: unknown): string {
  const json = toJson(value);
  // Most records have no such escape. An escaped backslash before "u" makes the search slower, not wrong.
  return /\\u(0000|d[89a-f])/i.test(json) ? toJson(cleaned(value)) : json;
}

/** Returns a copy of a JSON value without characters that Postgres cannot store. */
function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return storable(value);
  if (Array.isArray(value)) return value.map(cleaned);
  // An exact number is an object with another prototype.
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [storable(name), cleaned(inner)]));
}
