import type { Json, Sink } from '../batch/index.ts';

/** Which part of which export. */
export interface PartName {
  /** Of the export. */
  readonly name: string;
  /** Its number, from 0. */
  readonly part: number;
}

/**
 * Where the records of parts are kept until they are merged, or for good. Every worker must reach the same place. Write your own
 * for object storage.
 *
 * A worker that was taken for dead may still write when another has taken its part over. Its checkpoints are refused then, so
 * its position is never read; all a store must see to is that it does not write where others do: what is written under one
 * `fence` must not touch what was written under another.
 */
export interface PartStore {
  /**
   * A sink for records as JSON Lines. Its position says where all records of the part are, those of earlier fences
   * included, and it is opened with what an earlier fence has saved. A fence is digits, and each worker that takes the part
   * has a higher one.
   */
  sink(part: PartName & { readonly fence: string }): Sink;
  /**
   * Reads the JSON Lines of a part, up to the last position that was saved, and nothing behind it. The position comes
   * out of Redis and is not to be trusted.
   */
  read(part: PartName & { readonly position: Json }): AsyncIterable<Uint8Array>;
  /** What a manifest says of where a part is. @default the position */
  locate?(part: PartName & { readonly position: Json }): Json;
  /** Removes all parts of an export, also what no checkpoint speaks of. */
  remove(name: string): Promise<void>;
}
