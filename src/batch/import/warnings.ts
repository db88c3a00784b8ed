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
