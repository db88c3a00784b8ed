import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Clock } from '../../core/index.ts';
import type { ExactNumber } from '../json/exact-number.ts';

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
   * The window of the export to which the page belongs, such as a day. The different records of each window are counted. A record that
   * two windows contain counts in both, and is written once.
   * @default the export is one window
   */
  readonly window?: string | undefined;
  /** How many records the API states for the window, in this response. */
  readonly stated?: number | undefined;
  /**
   * Ends the window: the export fails if the window has fewer different records than `stated` says. Such a page has no records, its `next`
   * is the cursor of the next window, and it is not counted. If the export resumes at the cursor before it, the source must return it again.
   */
  readonly end?: WindowEnd | undefined;
  /**
   * The request of the page must repeat records of earlier pages of the window. Repeated records on the page then do not lead to a warning.
   * @default false
   */
  readonly overlaps?: boolean | undefined;
  /** Warnings about the response, in sentences without a full stop. */
  readonly warnings?: readonly string[] | undefined;
  /**
   * Saves a checkpoint immediately after the page. A page without records can use it to save a state, such as a new job.
   * Such a page is not counted.
   * @default false
   */
  readonly save?: boolean | undefined;
}

/** The end of a window. */
export interface WindowEnd {
  /** Names the request of the window in messages, such as `GET /users`. */
  readonly label: string;
  /** The fraction of the stated records that may be missing, from 0 to 1, rounded down to whole records. @default 0 */
  readonly tolerance?: number | undefined;
}

/** The id of a record. Ids of different types differ: the string `'1'` is not the number 1. */
export type RecordId = string | number | bigint | ExactNumber;

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
  request<T = unknown>(config: AxiosRequestConfig, options?: SourceRequestOptions): Promise<AxiosResponse<T>>;
}

/** How the response of a source's request is read. */
export interface SourceRequestOptions {
  /** Keeps the digits of numbers that JavaScript cannot represent, as {@link ExactNumber}. @default false */
  exactNumbers?: boolean | undefined;
}

/** The source of an export: pages that can be read from any cursor. */
export interface PageSource<Item = unknown> {
  /** For messages and checkpoints, such as `genesys-conversations`. */
  readonly name: string;
  /** Identifies the requested records. A checkpoint is valid for one query only, and stores it unencrypted: use no secret. */
  readonly query: Json;
  /** Returns the id of a record. Records with the same id are written once. Records without an id are always written. */
  identify?(item: Item): RecordId | undefined;
  /** Returns the time at which a record began, in ISO 8601 with a zone. The time decides in which day of {@link exportDays} the record is. */
  startedAt?(item: Item): string | undefined;
  /**
   * Returns whether the export leaves out a record that the API returned, such as a conversation that began on the previous day. Such a
   * record counts as `outside`. Undefined if the record does not say when it began: the record is written, and a warning counts such records.
   */
  isOutside?(item: Item): boolean | undefined;
  /**
   * Reads the pages after `context.from`, in the same order each time. It must end only if the API states that there are no
   * more records, and throw otherwise.
   */
  read(context: SourceContext): AsyncIterable<Page<Item>>;
}
