import type { CheckpointStore } from '../checkpoint-store.ts';
import type { Json } from '../sources/source.ts';

/** Destination of the records of an export. Write your own sink to send records elsewhere than to a file. */
export interface Sink<Item = unknown> {
  /** Identifies how the sink writes. An export resumes from a checkpoint only with the same format. */
  readonly format: Json;
  /** File that the sink writes, if any. It must not exist before the export. The checkpoint is stored next to the file. */
  readonly path?: string | undefined;
  /** Returns the same sink for another file. `exportDays` requires it of sinks with a `path`. */
  at?(path: string): Sink<Item>;
  /**
   * The store of the checkpoint, if the destination of the records also stores the checkpoint. After each `save` of the open sink, the export
   * calls `save` of this store. If that call commits records and checkpoint in one transaction, each record is written exactly once.
   */
  readonly checkpoint?: CheckpointStore | undefined;
  /**
   * Acquires a lock that keeps other runs away from the destination during several exports, as {@link exportDays} requires.
   *
   * @throws BatchError `ERR_LOCKED` if another run holds the lock.
   */
  lock?(signal?: AbortSignal): Promise<{ release(): Promise<void> }>;
  /**
   * Opens the sink to continue at a position that `save` returned, and discards everything written after that position.
   *
   * @param position undefined: start at the beginning, with empty output.
   * @param signal aborts when the export must end. A write that waits for a reader should then reject.
   */
  open(position: Json | undefined, signal?: AbortSignal): Promise<OpenSink<Item>>;
}

/** An open sink. Calls of its methods never overlap. */
export interface OpenSink<Item = unknown> {
  /** Writes the records of one page. */
  write(items: readonly Item[]): Promise<void>;
  /**
   * Makes everything written so far survive a crash, and returns the position after it. Returns undefined if the output cannot be
   * cut at this position; `save` is called again after the next page.
   */
  save(): Promise<Json | undefined>;
  /** Writes the end of the output. The `save` that follows must return a position. */
  finish(): Promise<void>;
  /** Returns warnings about the finished output, in sentences without a full stop. */
  warnings?(): readonly string[];
  /** Releases the resources of the sink, whether or not the output is finished. */
  close(): Promise<void>;
}
