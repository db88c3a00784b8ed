import type { Progress } from '../../batch/index.ts';
import type { WholeProgress } from '../../bullmq/index.ts';
import type { AuthRefreshEvent, Clock } from '../../core/index.ts';
import type { ExitCode } from '../exit-code.ts';
import type { TextStream } from '../io.ts';
import { barReporter } from './bar.ts';
import { jsonReporter } from './json.ts';
import { linesReporter } from './lines.ts';

/** How far a run is, here or at the workers of a queue. */
export type ReportedProgress = (Progress & { rejected?: number }) | WholeProgress;

/** The last word of a run that reached its end. */
interface Completion {
  /** In words. */
  message: string;
  summary: object;
  exitCode: ExitCode;
}

/** The last word of a run that did not. */
export interface Failure {
  message: string;
  /** The error's, such as `ERR_REQUEST`. */
  code?: string | undefined;
  exitCode: ExitCode;
  /** What to do about it. */
  hint?: string | undefined;
  /** The command that goes on from there; undefined when none can. */
  resume?: string | undefined;
}

/** Tells how a run goes, on standard error. */
export interface Reporter {
  started(command: string, file: string | undefined): void;
  progress(progress: ReportedProgress): void;
  event(event: AuthRefreshEvent): void;
  warning(message: string): void;
  /** Something that happened, in words, and its name and fields for machines. */
  note(event: string, message: string, fields: object): void;
  completed(completion: Completion): void;
  failed(failure: Failure): void;
  /** Lets go of timers and of the terminal; safe to call again. */
  stop(): void;
}

/** What a reporter is made of. */
export interface ReporterOptions {
  stream: TextStream;
  log: 'text' | 'json';
  /** Milliseconds between two reports of progress; undefined for what suits the stream. */
  interval?: number | undefined;
  clock: Clock;
}

/** Chooses: JSON lines when asked for, a bar on a terminal, else a line now and then. */
export function createReporter({ stream, log, interval = 10_000, clock }: ReporterOptions): Reporter {
  if (log === 'json') return jsonReporter(stream, interval, clock);
  return stream.isTTY ? barReporter(stream) : linesReporter(stream, interval, clock);
}
