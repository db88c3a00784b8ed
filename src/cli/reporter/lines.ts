import type { Clock } from '../../core/index.ts';
import type { TextStream } from '../io.ts';
import type { Reporter } from './create-reporter.ts';
import { lastWords } from './last-words.ts';
import { everySoOften } from './progress-timer.ts';
import { details, howFar, remark } from './words.ts';

/** Writes a line of progress every so often: for logs. */
export function linesReporter(stream: TextStream, interval: number, clock: Clock): Reporter {
  const write = (line: string) => void stream.write(`${line}\n`);
  const timer = everySoOften(clock, interval, (progress) =>
    write(`${howFar(progress)}, ${details(progress)}`),
  );
  return {
    started: (command, file) => write(file === undefined ? command : `${command}: ${file}`),
    progress: timer.progress,
    event(event) {
      const text = remark(event);
      if (text !== undefined) write(text);
    },
    ...lastWords(write, timer.stop),
  };
}
