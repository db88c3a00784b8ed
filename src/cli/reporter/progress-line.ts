import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { waitingOf } from './outages.ts';
import type { ReportedProgress } from './types.ts';
import { count, progressParts, recordsText, waitingText } from './words.ts';

/** The characters of a bar. */
export interface BarCharacters {
  complete: string;
  incomplete: string;
}

const WIDTHS = [24, 16, 8, 4] as const;

/**
 * Returns the progress as one line that is at most `columns` wide. If the line is too long, it leaves out the least important parts first.
 *
 * @param now milliseconds since the epoch.
 */
export function progressLine(
  progress: ReportedProgress,
  columns: number,
  now: number,
  { complete, incomplete }: BarCharacters,
): string {
  const { records, total } = progress;
  // The total can be an estimate that is too low.
  const fraction = total !== undefined && total > 0 && total >= records ? records / total : undefined;
  const waiting = waitingOf(progress);
  const { accepted, notAccepted, pages, rate, left, counts } = progressParts(progress);
  const parts = {
    bar: WIDTHS[0] as number,
    percent: fraction === undefined ? '' : `${Math.floor(fraction * 100)}%`,
    waiting: waiting ? waitingText(waiting, now) : '',
    records: recordsText(progress),
    accepted,
    notAccepted,
    pages,
    rate,
    left,
    counts,
  };

  function line(): string {
    const done = Math.round((fraction ?? 0) * parts.bar);
    const bar = fraction === undefined ? '' : complete.repeat(done) + incomplete.repeat(parts.bar - done);
    const head = [bar, parts.percent].filter(Boolean).join(' ');
    const rest = [
      parts.waiting,
      parts.records,
      parts.accepted,
      parts.notAccepted,
      parts.pages,
      parts.rate,
      parts.left,
      parts.counts,
    ];
    return [head, rest.filter(Boolean).join(', ')].filter(Boolean).join(' | ');
  }

  const steps: Partial<typeof parts>[] = [
    { bar: WIDTHS[1] },
    { bar: WIDTHS[2] },
    { counts: '' },
    { pages: '' },
    { rate: '' },
    { accepted: '' },
    // An outage makes the estimate wrong.
    ...(waiting ? [{ left: '' }] : []),
    { notAccepted: '' },
    { bar: WIDTHS[3] },
    ...(fraction === undefined ? [] : [{ records: `${count(records)}/${count(total ?? 0)}` }]),
    // The percentage says the same.
    ...(fraction === undefined && !waiting ? [] : [{ records: '' }]),
    ...(waiting ? [{ waiting: waitingText(waiting, now, 'short') }] : []),
    { bar: 0 },
    ...(waiting ? [{ waiting: waitingText(waiting, now, 'shortest') }] : []),
    { percent: '' },
  ];
  for (const step of steps) {
    if (stringWidth(line()) <= columns) break;
    Object.assign(parts, step);
  }
  const [first = ''] = wrapAnsi(line(), columns, { hard: true, trim: false, wordWrap: false }).split('\n');
  return first;
}
