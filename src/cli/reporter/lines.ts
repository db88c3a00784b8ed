import type { Clock } from '../../core/index.ts';
import type { TextStream } from '../io.ts';
import { waitingOf } from './outages.ts';
import { createProgressTimer } from './progress-timer.ts';
import { textMessages } from './text-messages.ts';
import type { Reporter } from './types.ts';
import { progressParts, recordsText, waitingText } from './words.ts';

/** Writes a progress line at a fixed interval, for logs and for terminals that cannot erase a line. */
export function linesReporter(stream: TextStream, interval: number, clock: Clock): Reporter {
  const write = (line: string) => void stream.write(`${line}\n`);
  const timer = createProgressTimer(clock, interval, (progress) => {
    const { accepted, notAccepted, pages, rate, left, counts } = progressParts(progress);
    const waiting = waitingOf(progress);
    const parts = waiting
      ? [waitingText(waiting, clock.now())]
      : [accepted, notAccepted, pages, rate, left, counts].filter(Boolean);
    write([recordsText(progress), ...parts].join(', '));
  });
  const { outages, ...messages } = textMessages({
    write,
    columns: () => (stream.isTTY && stream.columns ? stream.columns : undefined),
    leaveCtrlC: () => {
      if (stream.isTTY) stream.write('\n');
    },
    stop: timer.stop,
    clock,
  });
  return {
    ...messages,
    progress(progress) {
      outages.progress(progress);
      // Without an interval, each retry would be a line.
      if (interval > 0 || !outages.isWaiting) timer.progress(progress);
    },
  };
}
