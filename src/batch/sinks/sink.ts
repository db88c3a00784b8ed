import type { Json } from '../sources/source.ts';

/** Where the records of an export go. Write your own to send them elsewhere than into a file. */
export interface Sink<Item = unknown> {
  /** How it writes. A checkpoint goes with one format alone. */
  readonly format: Json;
  /** The file it writes, if it does: it must not be there before, and the checkpoint is kept beside it. */
  readonly path?: string | undefined;
  /**
   * Opens it to go on behind what it held when `saved` returned this position; what came behind that is cut off.
   *
   * @param position undefined: at the very beginning, with nothing before it.
   * @param signal of whoever wants the export to end. A write that waits for somebody else should end with it.
   */
  open(position: Json | undefined, signal?: AbortSignal): Promise<OpenSink<Item>>;
}

/** A sink that is being written. Its calls never overlap. */
export interface OpenSink<Item = unknown> {
  /** Writes the records of one page. */
  write(items: readonly Item[]): Promise<void>;
  /**
   * Makes all that was written last a crash, and returns the position behind it. A format that cannot be cut just here
   * returns undefined, and is asked again after the next page.
   */
  save(): Promise<Json | undefined>;
  /** Writes what ends the output; `save` follows and must return a position. */
  finish(): Promise<void>;
  /** Lets go of it, finished or not. */
  close(): Promise<void>;
}
