import type { ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';

/** What the program passes to every command. */
export interface CommandContext {
  io: Io;
  /** The arguments of the process. */
  args: readonly string[];
  setExitCode(code: ExitCode): void;
}
