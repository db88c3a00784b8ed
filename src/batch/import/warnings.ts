import { countRecords } from '../count-records.ts';
import type { InputRecord } from './input.ts';

/**
 * Returns the warnings about what was read.
 *
 * @param records number of records without an unfinished last one.
 * @param unfinished the last record, if it is not finished.
 */
export function inputWarnings(path: string, records: number, unfinished: InputRecord | undefined): string[] {
  if (unfinished) return [unfinishedRow(path, unfinished)];
  return records === 0 ? [noRecords(path)] : [];
}

/** Returns the warning for an input without records. */
function noRecords(path: string): string {
  return `${path} has no records: the file is empty, or has only a header or empty lines`;
}

/** Returns the warning for a last row that was not sent. */
function unfinishedRow(path: string, { line, end, bad }: InputRecord): string {
  const lines = end.line > line ? `lines ${line} to ${end.line}` : `line ${line}`;
  return (
    `${path}, ${lines}: the last row was not sent, because the row has no line end` +
    `${bad ? ` and cannot be read (${bad.reason})` : ''}. Finish the row and run the same import again, or set ` +
    'lastRowComplete (--last-row-complete) to send the row as it is'
  );
}

/** Returns the warning for a file that has replaced a file whose import was complete. */
export function otherContent(path: string): string {
  return (
    `this is a new import: the content of ${path} is not the content that was imported before. ` +
    'The files of the earlier import were renamed to *.old-N'
  );
}

/** Returns the warnings for records of a list that were not sent again. */
export function changedList(
  path: string,
  { accepted, rejected, unresolved }: { accepted: number; rejected: number; unresolved: number },
): string[] {
  const were = (count: number) => `${countRecords(count)} ${count === 1 ? 'was' : 'were'}`;
  return [
    accepted > 0 && `${were(accepted)} not sent again from ${path}: accepted earlier`,
    rejected > 0 &&
      `${were(rejected)} not sent again from ${path}: rejected earlier, and unchanged since then`,
    unresolved > 0 &&
      `${were(unresolved)} not sent again from ${path}, because the API may have stored the records when the file was imported earlier. ` +
        'Import the unresolved file of that import',
  ].filter((warning) => warning !== false);
}

/** Returns the warning for records that were sent although their outcome was unknown. */
export function mayDouble(path: string, count: number): string {
  return (
    `${countRecords(count)} of ${path} may be stored twice: the outcome of an earlier import was unknown, and sendAgain ` +
    '(--send-again) was set'
  );
}
