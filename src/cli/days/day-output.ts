import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { refuse } from '../../core/internal.ts';
import { isPostgresUrl } from '../../postgres/internal.ts';
import type { ChosenDays } from '../flags/period-flags.ts';

const DATE = '{date}';

/** Returns the output of a day. @param out contains `{date}`, unless all days have one destination, such as a table. */
export function outputOfDay(out: string, date: string): string {
  return out.replaceAll(DATE, date);
}

/** Returns the output without its dates, for names. */
export function withoutDate(out: string): string {
  return out.replace(/[-_. ]?\{date\}/g, '');
}

/**
 * Checks the output of days, or of one export.
 *
 * @throws ConfigurationError
 */
export function checkTemplate(out: string, days: ChosenDays | undefined): void {
  if (!days) {
    refuse('--out', [
      out.includes(DATE) && `${DATE} requires --since or --days, which export a file for each day`,
    ]);
    return;
  }
  refuse('--out', [
    out === '-' &&
      `${days.flag} writes a file for each day, not standard output: name files such as 'conversations-${DATE}.jsonl', or set ` +
        '--interval yesterday for the records of one day',
    out !== '-' &&
      !out.includes(DATE) &&
      !isPostgresUrl(out) &&
      `must contain ${DATE}, which stands for the date of each day, such as '${example(out)}', not ${JSON.stringify(out)}`,
  ]);
}

/** Refuses output folders that do not exist, before a request is sent. @throws ConfigurationError */
export function checkFolders(out: string, { list }: ChosenDays): void {
  if (isPostgresUrl(out)) return;
  const folders = new Set(list.map(({ date }) => dirname(outputOfDay(out, date))));
  const missing = [...folders].filter((folder) => !existsSync(folder));
  const [first, ...more] = missing;
  const problem =
    more.length === 0
      ? `the folder ${first} does not exist: create the folder`
      : `the folder ${first} and ${more.length} more do not exist: create the folders`;
  refuse('--out', [missing.length > 0 && `${problem}, or put ${DATE} only into the name of the file`]);
}

/** Puts the date before the ending of a file: `conversations.jsonl.gz` becomes `conversations-{date}.jsonl.gz`. */
function example(out: string): string {
  const [, name = '', ending = ''] = /^(.[^.]*)(.*)$/.exec(basename(out)) ?? [];
  return join(dirname(out), `${name}-${DATE}${ending}`);
}
