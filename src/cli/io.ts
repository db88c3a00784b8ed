import type { Writable } from 'node:stream';
import type { Environment } from '../vendors/environment.ts';

/** A signal that asks the process to end. */
export type EndSignal = 'SIGINT' | 'SIGTERM';

/** A stream of text, which can be a terminal. */
export type TextStream = Writable & { isTTY?: boolean; columns?: number };

/** The parts of the process that commands use. Tests pass a substitute. */
export interface Io {
  readonly env: Environment;
  /** Receives only data and requested text. */
  readonly stdout: TextStream;
  /** Receives progress, warnings and errors. */
  readonly stderr: TextStream;
  /** Calls the listener for each signal. @returns a function that removes the listener. */
  onSignal(listener: (signal: EndSignal) => void): () => void;
  /** Ends the process immediately. */
  exit(code: number): void;
}
