import type { Waiting } from '../../batch/index.ts';
import type { AuthRefreshEvent } from '../../core/index.ts';
import { duration } from '../../core/internal.ts';
import type { ReportedProgress } from './types.ts';

/** Formats a whole number: `12,345`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Formats a number and its noun: `1 page`, `2 pages`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Returns `12 of 100 records`, after the date of a day, or `12 records` if the total is unknown or is an estimate that is too low. */
export function recordsText({ records, total, day }: ReportedProgress): string {
  const date = day === undefined ? '' : `${day}: `;
  const text =
    total !== undefined && total >= records
      ? `${count(records)} of ${counted(total, 'record')}`
      : counted(records, 'record');
  return date + text;
}

/** Returns the parts of a progress line besides the records; a part without content is an empty string. */
export function progressParts(
  progress: ReportedProgress,
): Record<'accepted' | 'notAccepted' | 'pages' | 'rate' | 'left' | 'counts', string> {
  const { pages, recordsPerSecond, remaining = 0 } = progress;
  const { accepted, rejected = 0, unresolved = 0 } = 'parts' in progress ? {} : progress;
  const some = (value: number, what: string) => (value > 0 ? `${count(value)} ${what}` : '');
  return {
    accepted: some(accepted ?? 0, 'accepted'),
    notAccepted: [some(rejected, 'rejected'), some(unresolved, 'unresolved')].filter(Boolean).join(', '),
    pages: accepted === undefined ? counted(pages, 'page') : counted(pages, 'batch', 'batches'),
    rate: `${count(recordsPerSecond)} records/s`,
    left: remaining > 0 ? `${duration(remaining)} left` : '',
    counts:
      'parts' in progress
        ? `${count(progress.partsComplete)} of ${counted(progress.parts, 'part')}`
        : `${counted(progress.refreshes, 'token refresh', 'token refreshes')}, ${counted(progress.retries, 'retry', 'retries')}`,
  };
}

/**
 * Returns what a run waits for and until when.
 *
 * @param now milliseconds since the epoch.
 */
export function waitingText(
  { reason, retryAt, until }: Waiting,
  now: number,
  length: 'full' | 'short' | 'shortest' = 'full',
): string {
  const seconds = Math.max(0, Math.ceil((retryAt - now) / 1000));
  const left = seconds < 10 ? `${seconds} s` : duration(seconds * 1000);
  const end = timeOfDay(until, now);
  if (length === 'full') return `waiting: ${reason}; next try in ${left}, gives up at ${end}`;
  return length === 'short'
    ? `waiting ${left}: ${reason}; gives up at ${end}`
    : `waiting ${left}, until ${end}`;
}

const HALF_A_DAY = 43_200_000;

/** Formats a time in the local zone: `14:05:10`, or `2026-01-31 14:05:10` if the time is not soon. */
function timeOfDay(time: number, now: number): string {
  const text = new Date(time).toLocaleString('sv-SE');
  return time - now < HALF_A_DAY ? text.slice(-8) : text;
}

// A shorter wait is over before a person reads the line.
const LONG_WAIT = 5_000;

/** Describes an event if a person needs to know about it. */
export function describeEvent(event: AuthRefreshEvent): string | undefined {
  if (event.type === 'retry' && event.delay >= LONG_WAIT) {
    const { method, url, status, code, delay } = event;
    return `${method} ${url} ${describeFailure(status, code)}; retrying in ${duration(delay)}`;
  }
  return event.type === 'refresh-failed' ? `token refresh failed: ${event.error.message}` : undefined;
}

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'could not connect',
  EHOSTUNREACH: 'could not connect',
  ENETUNREACH: 'could not connect',
  ENOTFOUND: 'could not connect',
  EAI_AGAIN: 'could not connect',
  ECONNRESET: 'lost the connection',
  EPIPE: 'lost the connection',
  ECONNABORTED: 'timed out',
  ETIMEDOUT: 'timed out',
};

function describeFailure(status: number | undefined, code: string | undefined): string {
  if (status !== undefined) return `failed with ${status}`;
  if (code === undefined) return 'received no response';
  const words = FAILURES[code];
  return words === undefined ? `failed with ${code}` : `${words} (${code})`;
}
