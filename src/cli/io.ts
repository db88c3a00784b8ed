import type { Writable } from 'node:stream';
import type { Environment } from '../vendors/environment.ts';

/** A signal that asks the process to end. */
export type EndSignal = 'SIGINT' | 'SIGTERM';

/** Where text goes, and whether somebody watches it there. */
export type TextStream = Writable & { isTTY?: boolean; columns?: number };

/** What the command needs of its process. Tests pass a substitute. */
export interface Io {
  readonly env: Environment;
  /** Data, and what was asked for; nothing else. */
  readonly stdout: TextStream;
  /** Progress, warnings, errors and the last word. */
  readonly stderr: TextStream;
  /** Calls back for each signal to end. @returns a function that takes the listener off again. */
  onSignal(listener: (signal: EndSignal) => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
}
