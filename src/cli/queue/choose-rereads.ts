import type { ListedExport } from '../../bullmq/index.ts';

/** The last export of a complete day again, if there was one. */
type Reread = Pick<ListedExport, 'state' | 'submittedAt'>;

export interface RereadOptions {
  /** The complete days, the oldest first. */
  readonly dates: readonly string[];
  /** How many of them to export again. */
  readonly count: number;
  readonly today: string;
  readonly timeZone: string;
  find(date: string): Reread | undefined;
}

/**
 * Returns the complete days to export again: the last ones, and days whose last reread is unfinished.
 *
 * Rereads that began today count, so that the same command on the same day does not reread days that it has just completed.
 */
export function chooseRereads(options: RereadOptions): string[] {
  const { dates, count, find } = options;
  const ofToday = dates.filter((date) => isOfToday(find(date), options));
  const room = Math.max(0, count - ofToday.length);
  const others = dates.filter((date) => !ofToday.includes(date));
  const last = others.slice(Math.max(0, others.length - room));
  return dates.filter((date) => {
    const { state = 'complete' } = find(date) ?? {};
    return state !== 'complete' || ofToday.includes(date) || last.includes(date);
  });
}

/** Returns whether a reread of an earlier day is complete, so that the day can be reread again. */
export function isOver(
  reread: Reread | undefined,
  options: Pick<RereadOptions, 'today' | 'timeZone'>,
): boolean {
  return reread?.state === 'complete' && !isOfToday(reread, options);
}

function isOfToday(
  reread: Reread | undefined,
  { today, timeZone }: Pick<RereadOptions, 'today' | 'timeZone'>,
): boolean {
  return reread?.submittedAt !== undefined && dateOf(new Date(reread.submittedAt), timeZone) === today;
}

/** Returns the calendar date of a time, such as `2026-10-25`. */
export function dateOf(time: Date, timeZone: string): string {
  return time.toLocaleDateString('sv-SE', { timeZone });
}
