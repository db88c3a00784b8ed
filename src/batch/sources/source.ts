import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Clock } from '../../core/index.ts';

/** What JSON can say. Cursors and queries are of it, so that a checkpoint can hold them. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Some records that came together. */
export interface Page<Item = unknown> {
  readonly items: readonly Item[];
  /** What leads to the page after this one; absent on the last page. */
  readonly next?: Json | undefined;
  /**
   * Tells where `next` leads, when `next` holds more than that, such as counts: a place that was read already is a
   * circle.
   * @default next
   */
  readonly nextKey?: string | undefined;
  /** How many records the whole export has, as far as is known by now; for progress only. */
  readonly total?: number | undefined;
  /**
   * Which part of the export the page is of, such as a stretch of time. Records are compared with those of the same
   * part and of the part before it. Without it the export is one part.
   */
  readonly part?: string | undefined;
  /**
   * Whether its records may have come before. Where they cannot, ids are not held in memory.
   * @default true
   */
  readonly mayRepeat?: boolean | undefined;
  /**
   * Makes a checkpoint behind it at once. A page without records can say so what must not be forgotten, such as a job
   * that was just created; it is not counted as a page then.
   * @default false
   */
  readonly save?: boolean | undefined;
}

/** What a source is given to read with. */
export interface SourceContext {
  /** `next` of the last page that was written; undefined at the start. */
  readonly from: Json | undefined;
  /** How many pages may be read before they are asked for. */
  readonly readAhead: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
  /**
   * Sends a request with the export's axios instance, at its rate, ended by its signal.
   * @throws what axios throws.
   */
  request<T = unknown>(config: AxiosRequestConfig): Promise<AxiosResponse<T>>;
}

/** Where the records of an export come from: pages that can be read from a cursor on. */
export interface PageSource<Item = unknown> {
  /** For messages and checkpoints, such as `genesys-conversations`. */
  readonly name: string;
  /** What is asked for. A checkpoint goes with one query alone; it is stored in clear, so it may hold no secret. */
  readonly query: Json;
  /** Tells a record from others: records with the same id are written once. Undefined leaves a record unchecked. */
  identify?(item: Item): string | undefined;
  /**
   * Reads pages from `context.from` on, in an order that is the same each time. It may end only where the API says so,
   * and throws otherwise.
   */
  read(context: SourceContext): AsyncIterable<Page<Item>>;
}
