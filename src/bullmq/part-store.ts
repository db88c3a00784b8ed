import type { Json, Sink } from '../batch/index.ts';

/** Identifies a part of an export. */
export interface PartName {
  /** Name of the export. */
  readonly name: string;
  /** Number of the part, from 0. */
  readonly part: number;
}

/**
 * Store for the records of parts, until the merge or permanently. All workers must access the same store. Write your own store for
 * object storage.
 *
 * A worker that was presumed dead may still write after another worker has taken over its part. The checkpoints of the first worker are
 * refused, so its position is never read. A store must only ensure that writes with one `fence` never change data of another `fence`.
 */
export interface PartStore {
  /**
   * Returns a sink that writes the records of a part as JSON Lines. The sink opens at the position that an earlier fence has saved. Its
   * own position must cover all records of the part, including records of earlier fences. A fence consists of digits, and each worker
   * that claims the part gets a higher fence.
   */
  sink(part: PartName & { readonly fence: string }): Sink;
  /**
   * Returns the JSON Lines of a part up to the last saved position, and nothing after it. Validate the position, because it comes from
   * Redis.
   */
  read(part: PartName & { readonly position: Json }): AsyncIterable<Uint8Array>;
  /** Returns the location of a part for the manifest. @default the position */
  locate?(part: PartName & { readonly position: Json }): Json;
  /** Removes all parts of an export, including data that no checkpoint covers. */
  remove(name: string): Promise<void>;
}
