import type { ImportProgress, Progress } from '../../batch/index.ts';
import type { WholeProgress } from '../../bullmq/index.ts';
import type { AuthRefreshEvent } from '../../core/index.ts';
import type { ExitCode } from '../exit-code.ts';

/** The progress of a run of this process, or of the workers of a queue. */
export type ReportedProgress = (
  | (Progress & Partial<Pick<ImportProgress, 'accepted' | 'rejected' | 'unresolved'>>)
  | WholeProgress
) & {
  /** The date, if the run exports days. */
  readonly day?: string;
};

/** The result of a complete run. */
export interface Completion {
  /** The result in words. */
  message: string;
  summary: object;
  /** Are part of the summary, and are reported one by one. */
  warnings?: readonly string[] | undefined;
  exitCode: ExitCode;
  /** Why the exit code is not 0. */
  hint?: string | undefined;
}

/** The result of an incomplete run. */
export interface Failure {
  message: string;
  /** The error code, such as `ERR_REQUEST`. */
  code?: string | undefined;
  exitCode: ExitCode;
  /** What to do about the failure. */
  hint?: string | undefined;
  /** The command that resumes the run; undefined if the run cannot be resumed. */
  resume?: string | undefined;
  /** The result of each day, if the run exports days. For machines. */
  days?: readonly object[] | undefined;
}

/** What an event says about a problem. */
interface ProblemFields {
  readonly hint?: string | undefined;
  readonly [name: string]: unknown;
}

/** Reports a run on standard error. */
export interface Reporter {
  started(command: string, file: string | undefined): void;
  progress(progress: ReportedProgress): void;
  event(event: AuthRefreshEvent): void;
  warning(message: string): void;
  /** Reports a warning after Ctrl-C or SIGTERM. */
  interrupted(message: string): void;
  /** Reports an event: `message` is for people, `event` and `fields` are for machines. */
  note(event: string, message: string, fields: object): void;
  /** Reports an event as `note` does, also with `--quiet`. The hint says what to do. */
  problem(event: string, message: string, fields: ProblemFields): void;
  completed(completion: Completion): void;
  failed(failure: Failure): void;
  /** Releases timers and the terminal. Can be called more than once. */
  stop(): void;
}
