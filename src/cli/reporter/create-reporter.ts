import type { Clock } from '../../core/index.ts';
import type { TextStream } from '../io.ts';
import { barReporter } from './bar.ts';
import { jsonReporter } from './json.ts';
import { linesReporter } from './lines.ts';
import type { Reporter } from './types.ts';

/** Options of {@link createReporter}. */
export interface ReporterOptions {
  stream: TextStream;
  log: 'text' | 'json';
  /** Milliseconds between two progress reports. @default 10_000 */
  interval?: number | undefined;
  clock: Clock;
}

// In milliseconds.
export const PROGRESS_INTERVAL = 10_000;

/** Creates the reporter for a stream: JSON lines if asked for, a bar on a terminal, otherwise text lines. */
export function createReporter(options: ReporterOptions): Reporter {
  const { stream, log, interval = PROGRESS_INTERVAL, clock } = options;
  if (log === 'json') return jsonReporter(stream, interval, clock);
  return stream.isTTY ? barReporter(stream) : linesReporter(stream, interval, clock);
}
