import { isError, printable, systemClock } from '../core/internal.ts';
import type { ArgumentSecrets } from './argument-secrets.ts';
import type { WorkFlags } from './flags/run-flags.ts';
import type { Io } from './io.ts';

import { createReporter } from './reporter/create-reporter.ts';
import { quietReporter } from './reporter/quiet.ts';
import type { Reporter } from './reporter/types.ts';

/** Creates the reporter of a command. It prints no secret of the arguments, and no control character that a server sent. */
export function openReporter(
  { stderr, env }: Pick<Io, 'stderr' | 'env'>,
  { log, quiet, progressInterval: interval }: Pick<WorkFlags, 'log' | 'quiet' | 'progressInterval'>,
  { hide }: Pick<ArgumentSecrets, 'hide'>,
): Reporter {
  const created = createReporter({ stream: stderr, log, interval, clock: systemClock, env });
  const reporter = quiet ? quietReporter(created) : created;
  const text = (value: string) => printable(hide(value));
  const all = <Value>(value: Value): Value => mapTexts(value, text) as Value;
  return {
    started: (command, file) => reporter.started(command, file === undefined ? file : text(file)),
    progress: (progress) => reporter.progress(all(progress)),
    event: (event) => reporter.event(all(event)),
    warning: (message) => reporter.warning(text(message)),
    interrupted: (message) => reporter.interrupted(text(message)),
    note: (event, message, fields) => reporter.note(event, text(message), all(fields)),
    problem: (event, message, fields) => reporter.problem(event, text(message), all(fields)),
    completed: (completion) => reporter.completed(all(completion)),
    // The stack of an unexpected error has several lines.
    failed: (failure) => reporter.failed(mapTexts(failure, hide) as typeof failure),
    stop: reporter.stop,
  };
}

/** Copies a value, each text in it mapped. Objects of classes other than errors stay as they are. */
function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map));
  if (typeof value !== 'object' || value === null) return value;
  if (value.constructor === Object) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapTexts(item, map)]));
  }
  if (!isError(value)) return value;
  const { name, message } = value;
  return Object.assign(new Error(map(message)), mapTexts({ ...value }, map), { name });
}
