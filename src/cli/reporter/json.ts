import type { Clock } from '../../core/index.ts';
import type { TextStream } from '../io.ts';
import { watchOutages } from './outages.ts';
import { createProgressTimer } from './progress-timer.ts';
import type { Reporter } from './types.ts';

/** Writes every event as a line of JSON, for log collectors. */
export function jsonReporter(stream: TextStream, interval: number, clock: Clock): Reporter {
  const write = (event: string, fields: object) => {
    stream.write(`${JSON.stringify({ time: new Date(clock.now()).toISOString(), event, ...fields })}\n`);
  };
  const timer = createProgressTimer(clock, interval, (progress) => write('progress', progress));
  const outages = watchOutages(clock, {
    began: (waiting) => write('waiting', waiting),
    ended: (duration) => write('waiting-over', { duration }),
  });
  return {
    started: (command, file) => write('started', { command, file }),
    progress(progress) {
      outages.progress(progress);
      timer.progress(progress);
    },
    event(event) {
      const { type, ...fields } = event;
      // JSON.stringify omits the message of an error.
      write(type, 'error' in fields ? { ...fields, error: messageAndFields(fields.error) } : fields);
    },
    warning: (message) => write('warning', { message }),
    interrupted: (message) => write('warning', { message }),
    note: (event, message, fields) => write(event, { message, ...fields }),
    problem: (event, message, fields) => write(event, { message, ...fields }),
    completed({ message, exitCode, hint, summary }) {
      timer.stop();
      write('complete', { message, exitCode, hint, ...summary });
    },
    failed({ resume, ...failure }) {
      timer.stop();
      write('failed', { ...failure, resumable: resume !== undefined, resume });
    },
    stop: timer.stop,
  };
}

function messageAndFields(error: Error): object {
  return { ...error, name: error.name, message: error.message };
}
