import type { Clock } from '../../core/index.ts';
import type { Environment } from '../../vendors/environment.ts';
import type { TextStream } from '../io.ts';
import { barReporter } from './bar.ts';
import { jsonReporter } from './json.ts';
import { linesReporter } from './lines.ts';
import type { BarCharacters } from './progress-line.ts';
import type { Reporter } from './types.ts';

/** Options of {@link createReporter}. */
export interface ReporterOptions {
  stream: TextStream;
  log: 'text' | 'json';
  /** Milliseconds between two progress reports. @default 10_000 */
  interval?: number | undefined;
  clock: Clock;
  /** The environment variables that describe the terminal. @default none */
  env?: Environment | undefined;
}

// In milliseconds.
export const PROGRESS_INTERVAL = 10_000;

/** Creates the reporter for a stream: JSON lines if asked for, a bar on a terminal, otherwise text lines. */
export function createReporter(options: ReporterOptions): Reporter {
  const { stream, log, interval = PROGRESS_INTERVAL, clock, env = {} } = options;
  if (log === 'json') return jsonReporter(stream, interval, clock);
  // https://no-color.org: any value counts, except an empty one.
  const isPlain = !stream.isTTY || env.TERM === 'dumb' || Boolean(env.NO_COLOR);
  return isPlain ? linesReporter(stream, interval, clock) : barReporter(stream, clock, barCharacters(env));
}

// Terminals of these languages can draw the blocks two columns wide.
const EAST_ASIAN = /^(ja|ko|zh)/i;
const OTHER_ENCODING = /\.(?!utf-?8)/i;

/** Chooses blocks, unless the locale says that the terminal cannot draw them one column wide. */
function barCharacters({ LC_ALL, LC_CTYPE, LANG }: Environment): BarCharacters {
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return EAST_ASIAN.test(locale) || OTHER_ENCODING.test(locale)
    ? { complete: '#', incomplete: '-' }
    : { complete: '█', incomplete: '░' };
}
