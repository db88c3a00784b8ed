import type { Clock } from '../../core/index.ts';
import type { TextStream } from '../io.ts';
import { createProgressTimer } from './progress-timer.ts';
import type { Reporter } from './types.ts';
import { details, recordsText, textMessages } from './words.ts';

/** Writes a progress line at a fixed interval, for logs. */
export function linesReporter(stream: TextStream, interval: number, clock: Clock): Reporter {
  const write = (line: string) => void stream.write(`${line}\n`);
  const timer = createProgressTimer(clock, interval, (progress) =>
    write(`${recordsText(progress)}, ${details(progress)}`),
  );
  return {
    progress: timer.progress,
    ...textMessages(write, timer.stop),
  };
}
