import type { ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';

/** What every command gets from the program. */
export interface CommandContext {
  io: Io;
  /** The arguments of the process. */
  args: readonly string[];
  /** Sets the exit code. */
  end(code: ExitCode): void;
}
