import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { BatchError } from '../errors.ts';
import type { Json } from '../sources/source.ts';

/** The API's result for one record. */
export type RecordResult =
  | { readonly outcome: 'accepted' }
  /** The API will never accept this record as it is. */
  | { readonly outcome: 'refused'; readonly reason: string; readonly status?: number | undefined }
  /** The API did not accept the record, for a temporary reason. */
  | { readonly outcome: 'again'; readonly reason: string; readonly status?: number | undefined }
  /** The API may or may not have accepted the record. */
  | { readonly outcome: 'unknown'; readonly reason: string };

/** Sends a request with the import's axios instance, within its rate limit. @throws the errors of axios. */
export type SendRequest = <T = unknown>(config: AxiosRequestConfig) => Promise<AxiosResponse<T>>;

/**
 * Finds out whether the API has records whose request got no response. Returns `present`, `absent` or `unknown` for each, in order.
 * The API may still execute a request after its connection broke: return `absent` only if the record will stay absent.
 */
export type CheckRecords = (
  records: readonly unknown[],
  request: SendRequest,
) => Promise<readonly ('present' | 'absent' | 'unknown')[]>;

/** The destination of the records of an import. */
export interface ImportTarget {
  /** For messages and checkpoints, such as `genesys-contact-list`. */
  readonly name: string;
  /** Distinguishes targets of the same name. A checkpoint is valid for one query only, and stores it in clear text. */
  readonly query: Json;
  /** Maximum number of records per request. */
  readonly maxRecords: number;
  /** Maximum bytes of the records per request, as JSON. @default only the import's limit applies */
  readonly maxBytes?: number | undefined;
  /** Returns why a record must be rejected without a request; undefined if the record can be sent. */
  problem?(record: unknown): string | undefined;
  /** Returns the request that sends the records. */
  request(records: readonly unknown[]): AxiosRequestConfig;
  /**
   * Reads a response with a 2xx status. Returns one result per record, in order.
   *
   * @throws BatchError `ERR_UNEXPECTED_ANSWER` if the response is not as documented; the outcome of the records is then unknown.
   */
  results(response: AxiosResponse, records: readonly unknown[]): readonly RecordResult[];
  /** Returns the id by which the API recognizes a repeated record, so that repeating it has no further effect. */
  idOf?(record: unknown): string | undefined;
  /** The member of a record that `idOf` reads, for messages. An import is refused if no record of its input has it. */
  readonly idField?: string | undefined;
  readonly check?: CheckRecords | undefined;
  /** Further statuses with which the API refuses the records of a request, such as 404 if the URL contains an id. @default none */
  readonly refusals?: readonly number[] | undefined;
}

/** Returns the error for a 2xx response that does not tell the outcome of the records. */
export function unexpectedResults(what: string): BatchError {
  return new BatchError(
    `the response ${what}, so the outcome of the records is unknown. ` +
      'Check the URL, the region, and any proxy between this host and the API.',
    'ERR_UNEXPECTED_ANSWER',
  );
}
