import { clearLine, cursorTo } from 'node:readline';
import progressBars from 'cli-progress';
import type { TextStream } from '../io.ts';
import type { ReportedProgress, Reporter } from './types.ts';
import { details, recordsText, textMessages } from './words.ts';

const { Format, SingleBar } = progressBars;

const WIDTH = 24;

/** Draws a progress bar on a terminal, or a counter if the total is unknown. */
export function barReporter(stream: TextStream): Reporter {
  const bar = new SingleBar({
    stream,
    barsize: WIDTH,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    // Draw the bar again below a message.
    forceRedraw: true,
    // The run handles signals itself: it must write a checkpoint first.
    gracefulExit: false,
    format: (options, { progress }, payload) => {
      const { latest } = payload as { latest: ReportedProgress };
      const { total, records } = latest;
      // The total can be an estimate that is too low.
      const known = total !== undefined && total > 0 && total >= records;
      const shown = known ? `${Format.BarFormat(progress, options)} ${Math.floor(progress * 100)}% | ` : '';
      return `${shown}${recordsText(latest)}, ${details(latest)}`;
    },
  });
  let drawn = false;

  function write(line: string): void {
    if (drawn) {
      clearLine(stream, 0);
      cursorTo(stream, 0);
    }
    stream.write(`${line}\n`);
  }

  function stop(): void {
    if (drawn) bar.stop();
    drawn = false;
  }

  return {
    progress(latest) {
      const total = Math.max(latest.total ?? 0, latest.records, 1);
      if (!drawn) {
        drawn = true;
        bar.start(total, latest.records, { latest });
      }
      bar.setTotal(total);
      bar.update(latest.records, { latest });
    },
    ...textMessages(write, stop),
  };
}
