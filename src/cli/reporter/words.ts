import type { AuthRefreshEvent } from '../../core/index.ts';
import type { ReportedProgress, Reporter } from './types.ts';

/** Formats a whole number: `12,345`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Formats a number and its noun: `1 page`, `2 pages`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Formats milliseconds: `2 h 05 min`, `3 min 04 s`, `50 s`, `5.2 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 9_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  return `${count(Math.floor(minutes / 60))} h ${two(minutes % 60)} min`;
}

/** Returns `12 of 100 records`, or `12 records` if the total is unknown or is an estimate that is too low. */
export function recordsText({ records, total }: ReportedProgress): string {
  return total !== undefined && total >= records
    ? `${count(records)} of ${counted(total, 'record')}`
    : counted(records, 'record');
}

/** Returns the rest of a progress line. */
export function details(progress: ReportedProgress): string {
  const { pages, recordsPerSecond, remaining } = progress;
  const counts =
    'parts' in progress
      ? [`${count(progress.partsComplete)} of ${counted(progress.parts, 'part')}`]
      : [
          counted(progress.refreshes, 'token refresh', 'token refreshes'),
          counted(progress.retries, 'retry', 'retries'),
        ];
  const { rejected = 0 } = 'parts' in progress ? {} : progress;
  return [
    rejected > 0 && `${count(rejected)} rejected`,
    counted(pages, 'page'),
    `${count(recordsPerSecond)} records/s`,
    remaining !== undefined && remaining > 0 && `${duration(remaining)} left`,
    ...counts,
  ]
    .filter(Boolean)
    .join(', ');
}

// A shorter wait is over before a person reads the line.
const LONG_WAIT = 5_000;

/** Describes an event if a person needs to know about it. */
function describeEvent(event: AuthRefreshEvent): string | undefined {
  if (event.type === 'retry' && event.delay >= LONG_WAIT) {
    const { method, url, status, code, delay } = event;
    return `${method} ${url} failed with ${status ?? code ?? 'no response'}; retrying in ${duration(delay)}`;
  }
  return event.type === 'refresh-failed' ? `token refresh failed: ${event.error.message}` : undefined;
}

/** Creates the methods that all text reporters share. Each message is one line. */
export function textMessages(
  write: (line: string) => void,
  stop: () => void,
): Pick<Reporter, 'started' | 'event' | 'warning' | 'note' | 'completed' | 'failed' | 'stop'> {
  return {
    started: (command, file) => write(file === undefined ? command : `${command}: ${file}`),
    event(event) {
      const text = describeEvent(event);
      if (text !== undefined) write(text);
    },
    warning: (message) => write(`warning: ${message}`),
    note: (_, message) => write(message),
    completed({ message, hint }) {
      stop();
      write(message);
      if (hint !== undefined) write(`hint: ${hint}`);
    },
    failed({ message, hint, resume }) {
      stop();
      write(`error: ${message}`);
      if (hint !== undefined) write(`hint: ${hint}`);
      if (resume !== undefined) write(`resume: ${resume}`);
    },
    stop,
  };
}
