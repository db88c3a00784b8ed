import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { BatchError } from '../errors.ts';
import type { Json } from '../sources/source.ts';

/** What the API did with one record. */
export type RecordResult =
  | { readonly outcome: 'accepted' }
  /** It will never take this record as it is. */
  | { readonly outcome: 'refused'; readonly reason: string; readonly status?: number | undefined }
  /** It did not take it, for a reason that passes. */
  | { readonly outcome: 'again'; readonly reason: string; readonly status?: number | undefined }
  /** It may or may not have taken it. */
  | { readonly outcome: 'unknown'; readonly reason: string };

/** Sends a request with the import's axios instance, at its rate. @throws what axios throws. */
export type SendRequest = <T = unknown>(config: AxiosRequestConfig) => Promise<AxiosResponse<T>>;

/**
 * Finds out for records whose request got no answer whether the API has them: for each, in order, `present`, `absent` or
 * `unknown`. A request may still be carried out after its connection broke: `absent` must mean that it will stay so.
 */
export type CheckRecords = (
  records: readonly unknown[],
  request: SendRequest,
) => Promise<readonly ('present' | 'absent' | 'unknown')[]>;

/** Where the records of an import go. */
export interface ImportTarget {
  /** For messages and checkpoints, such as `genesys-contact-list`. */
  readonly name: string;
  /** What tells it from others of the name. A checkpoint goes with one alone; it is stored in clear. */
  readonly query: Json;
  /** How many records one request may have. */
  readonly maxRecords: number;
  /** How many bytes the records of one request may have as JSON. @default no limit but the import's */
  readonly maxBytes?: number | undefined;
  /** Says why a record cannot be sent at all; undefined when it can. Such a record is rejected without a request. */
  problem?(record: unknown): string | undefined;
  /** Makes the request that sends some records. */
  request(records: readonly unknown[]): AxiosRequestConfig;
  /**
   * Reads an answer with a status of 2xx: one result for each record, in their order.
   *
   * @throws BatchError `ERR_UNEXPECTED_ANSWER` when it is not what the API gives: what became of the records is unknown then.
   */
  results(response: AxiosResponse, records: readonly unknown[]): readonly RecordResult[];
  /** The id by which the API knows a record when it comes again, so that sending it twice has the effect of once. */
  idOf?(record: unknown): string | undefined;
  readonly check?: CheckRecords | undefined;
}

/** An answer of 2xx that does not say what became of the records. */
export function unexpectedResults(what: string): BatchError {
  return new BatchError(
    `the answer ${what}: it does not say what became of the records. ` +
      'Check the URL and the region, and what stands between this host and the API.',
    'ERR_UNEXPECTED_ANSWER',
  );
}
