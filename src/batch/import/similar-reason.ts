import type { NumberedRecord } from './batches.ts';

const QUOTED = /"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”|«[^»]*»/g;
// Numbers, UUIDs and ids such as `c12`.
const WITH_DIGITS = /[\w-]*\d[\w-]*/g;

/** Returns the part of a reason that is the same for all records: without the record's id, quoted text, and words with digits. */
export function similarReason(
  reason: string,
  { value }: NumberedRecord,
  idOf: ((record: unknown) => string | undefined) | undefined,
): string {
  const id = idOf?.(value);
  const withoutId = id ? reason.replace(asWord(id), '') : reason;
  return withoutId.replace(QUOTED, '').replace(WITH_DIGITS, '').replace(/\s+/g, ' ').trim();
}

/** Matches a text that is not a part of a longer word, because an id can be a single letter. */
function asWord(text: string): RegExp {
  return new RegExp(`(?<![\\w-])${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`, 'g');
}
