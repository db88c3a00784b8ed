import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Clock } from '../../core/index.ts';

/** A JSON value. Cursors and queries are JSON, so that a checkpoint can store them. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** A page of records. */
export interface Page<Item = unknown> {
  readonly items: readonly Item[];
  /** The cursor of the next page; absent on the last page. */
  readonly next?: Json | undefined;
  /**
   * Identifies the next page, if `next` also contains other values, such as counts. A repeated key means that the pages
   * form a loop, which ends the export.
   * @default next
   */
  readonly nextKey?: string | undefined;
  /** The total number of records of the export, as currently known. Used for progress only. */
  readonly total?: number | undefined;
  /**
   * The part of the export to which the page belongs, such as a time window. Repeated records are recognised within a part
   * and the previous part. Without it, the export is one part.
   */
  readonly part?: string | undefined;
  /**
   * Whether the page may contain records of earlier pages. If not, ids are not kept in memory.
   * @default true
   */
  readonly mayRepeat?: boolean | undefined;
  /**
   * Saves a checkpoint immediately after the page. A page without records can use it to save a state, such as a new job.
   * Such a page is not counted.
   * @default false
   */
  readonly save?: boolean | undefined;
}

/** The context in which a source reads. */
export interface SourceContext {
  /** `next` of the last written page; undefined at the start. */
  readonly from: Json | undefined;
  /** How many pages to read in advance. */
  readonly readAhead: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Returns a number from 0 to 1, for jitter. */
  readonly random: () => number;
  /**
   * Sends a request with the axios instance, the rate and the signal of the export.
   * @throws the errors of axios.
   */
  request<T = unknown>(config: AxiosRequestConfig): Promise<AxiosResponse<T>>;
}

/** The source of an export: pages that can be read from any cursor. */
export interface PageSource<Item = unknown> {
  /** For messages and checkpoints, such as `genesys-conversations`. */
  readonly name: string;
  /** Identifies the requested records. A checkpoint is valid for one query only, and stores it unencrypted: use no secret. */
  readonly query: Json;
  /** Returns the id of a record. Records with the same id are written once. Records without an id are always written. */
  identify?(item: Item): string | undefined;
  /**
   * Reads the pages after `context.from`, in the same order each time. It must end only if the API states that there are no
   * more records, and throw otherwise.
   */
  read(context: SourceContext): AsyncIterable<Page<Item>>;
}
