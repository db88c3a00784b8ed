import type { Clock } from '../../core/index.ts';
import type { TextStream } from '../io.ts';
import { type BarCharacters, progressLine } from './progress-line.ts';
import { textMessages } from './text-messages.ts';
import type { ReportedProgress, Reporter } from './types.ts';

// In milliseconds.
const REDRAW_INTERVAL = 200;

const ERASE_BELOW = '\x1b[J';

/**
 * Draws a progress bar on a terminal, or a counter if the total is unknown.
 *
 * The cursor stays at the start of the bar. If the terminal becomes narrower and wraps the bar, everything below the cursor is the old bar.
 * The reporter changes no mode of the terminal, because `kill -9` would leave the mode behind.
 */
export function barReporter(stream: TextStream, clock: Clock, characters: BarCharacters): Reporter {
  let latest: ReportedProgress | undefined;
  let drawn: string | undefined;
  let timer: unknown;

  // The size is 0 if the terminal does not know it.
  const columns = () => stream.columns || 80;

  function draw(): void {
    if (!latest) return;
    // A full line would leave the cursor in the last column, or move it to the next line.
    const line = progressLine(latest, columns() - 1, clock.now(), characters);
    if (line !== drawn) stream.write(`\r${line}${ERASE_BELOW}\r`);
    drawn = line;
  }

  function redraw(): void {
    drawn = undefined;
    draw();
  }

  function tick(): void {
    draw();
    timer = clock.setTimeout(tick, REDRAW_INTERVAL);
  }

  function erase(): void {
    stream.write(`\r${ERASE_BELOW}`);
    drawn = undefined;
  }

  function stop(): void {
    clock.clearTimeout(timer);
    stream.off('resize', redraw);
    if (drawn !== undefined) erase();
    latest = undefined;
  }

  function write(text: string): void {
    if (drawn !== undefined) erase();
    stream.write(`${text}\n`);
    draw();
  }

  const { outages, ...messages } = textMessages({ write, columns, leaveCtrlC: erase, stop, clock });
  return {
    ...messages,
    progress(progress) {
      const isFirst = latest === undefined;
      latest = progress;
      outages.progress(progress);
      if (!isFirst) return;
      stream.on('resize', redraw);
      tick();
    },
    completed(completion) {
      redraw();
      if (drawn !== undefined) stream.write('\n');
      drawn = undefined;
      messages.completed(completion);
    },
  };
}
