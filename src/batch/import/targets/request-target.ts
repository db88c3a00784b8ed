import { isWhole, type OptionTable, readOptions, refuse } from '../../../core/internal.ts';
import { digestOfRecord } from '../../digest.ts';
import { isJsonObject } from '../../json/json-object.ts';
import { type JsonMembers, valueAt, withValueAt } from '../../sources/member-path.ts';
import { requestQuery, secretNamesProblem } from '../../sources/secret-params.ts';
import type { Json } from '../../sources/source.ts';
import { idText } from '../match-results.ts';
import { type CheckRecords, type ImportTarget, unexpectedResults } from '../target.ts';
import { headerProblems, keyHeaderProblem } from './header-problems.ts';
import { type ResultOptions, resultProblems, resultReader } from './response-results.ts';
import { templateProblem, urlTemplate } from './url-template.ts';

/**
 * Options of {@link requestTarget}: the request, and where its response has the results. A path is the name of a member, or several
 * names separated by dots, such as `data.items`. `list.0.name` and `list[0].name` both lead into a list.
 */
export interface RequestTargetOptions extends ResultOptions {
  /** For messages and checkpoints. @default 'request' */
  name?: string | undefined;
  /** @default 'post' */
  method?: 'post' | 'put' | 'patch' | undefined;
  /**
   * Relative to the instance's base URL, or absolute. `{id}` stands for the value of the record at the path `id`, percent-encoded, and
   * requires one record per request. The checkpoint stores the URL, `params` and `data` unencrypted, but without members that are secrets
   * by their names, such as `api_key`.
   */
  url: string;
  /** Query parameters. A list is sent as repeated parameters. */
  params?: JsonMembers | undefined;
  /** Header fields, such as `Content-Type`. The checkpoint does not store them. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Further members of the body. Requires `recordAt` or `recordsAt`. */
  data?: JsonMembers | undefined;
  /** Further names of secrets in `url`, `params` and `data`, which the checkpoint must not contain. @default none */
  secretParams?: readonly string[] | undefined;
  /** Maximum number of records per request. More than 1 requires `recordsAt`. @default 1 */
  maxRecords?: number | undefined;
  /** The path of the list of records in the body; '' if the body is the list. @default the body is one record */
  recordsAt?: string | undefined;
  /** The path of the record in a body with one record. @default the body is the record */
  recordAt?: string | undefined;
  /** The path of a record's id. @default the last placeholder of `url` */
  idField?: string | undefined;
  /**
   * Whether it has no further effect if the API receives a record with the same id again. Set `true` only if the API documents this, as for
   * an upsert. A PUT to the URL of the record is idempotent (RFC 9110 section 9.2.2).
   * @default true for a PUT to a URL with a placeholder, otherwise false
   */
  idempotent?: boolean | undefined;
  /**
   * The header field in which the API expects a key of the request, such as `Idempotency-Key`, and by which it recognizes a repeated request.
   * The key is a digest of the record. Requires one record per request, and `idField`, because equal records without ids would have
   * one key. @default none
   */
  idempotencyHeader?: string | undefined;
  /** Finds out whether records without an id were stored. */
  check?: CheckRecords | undefined;
}

const OPTIONS: OptionTable<RequestTargetOptions> = {
  name: 'string',
  method: 'any',
  url: 'any',
  params: 'object',
  headers: 'object',
  data: 'object',
  secretParams: 'array',
  maxRecords: 'any',
  recordsAt: 'string',
  recordAt: 'string',
  idField: 'string',
  idempotent: 'boolean',
  idempotencyHeader: 'string',
  check: 'function',
  resultsAt: 'string',
  resultId: 'string',
  resultSuccess: 'string',
  resultStatus: 'string',
  resultError: 'string',
  errorsAt: 'string',
  errorId: 'string',
};

export const REQUEST_DEFAULTS = { name: 'request', method: 'post', maxRecords: 1 } as const;
const METHODS = ['post', 'put', 'patch'];

/**
 * Sends records to any API: one per request, or several in a list.
 *
 * @throws ConfigurationError that lists all invalid options.
 * @example
 * requestTarget({ method: 'put', url: '/customers/{id}' })
 * requestTarget({ url: '/customers/batch', maxRecords: 100, recordsAt: 'inputs', resultsAt: 'results', resultSuccess: 'success' })
 */
export function requestTarget(options: RequestTargetOptions): ImportTarget {
  const [own, problems] = readOptions(options, OPTIONS);
  const { name = REQUEST_DEFAULTS.name, method = REQUEST_DEFAULTS.method } = own;
  const { maxRecords = REQUEST_DEFAULTS.maxRecords, params, headers, recordsAt, recordAt, check } = own;
  const url = String(own.url ?? '');
  const template = urlTemplate(url);
  const hasFields = template.fields.length > 0;
  const isSingle = maxRecords === 1;
  const { idField = template.fields.at(-1), idempotencyHeader: keyHeader } = own;
  const { idempotent = (method === 'put' && hasFields) || keyHeader !== undefined } = own;
  refuse('requestTarget', [
    ...problems,
    !(typeof own.url === 'string' && url) && 'url must be a URL, relative to the base URL or absolute',
    templateProblem(url),
    !METHODS.includes(method) && `method must be 'post', 'put' or 'patch', not ${JSON.stringify(method)}`,
    secretNamesProblem(own.secretParams),
    !isWhole(maxRecords, 1) && 'maxRecords must be a whole number above 0',
    !isSingle && hasFields && 'url with a placeholder requires maxRecords 1',
    !isSingle &&
      recordsAt === undefined &&
      'maxRecords above 1 requires recordsAt, the path of the list of records in the body',
    recordsAt !== undefined && recordAt !== undefined && 'set recordAt or recordsAt, not both',
    own.data &&
      !(recordsAt || recordAt) &&
      'data requires recordsAt or recordAt, the path of the records beside the data',
    own.idempotent && idField === undefined && 'idempotent requires idField',
    ...headerProblems(headers),
    keyHeader !== undefined && keyHeaderProblem(keyHeader),
    keyHeader !== undefined &&
      !(isSingle && idField !== undefined) &&
      'idempotencyHeader requires idField and maxRecords 1',
    ...resultProblems(own, idField !== undefined, isSingle),
  ]);

  const ownId = (record: unknown) => (idField === undefined ? undefined : idText(valueAt(record, idField)));
  const urlOf = (record: unknown) => (template.problem(record) ? undefined : template.fill(record));
  // The URL of a PUT identifies its record, also if several values of the record are in the URL.
  const idOf = method === 'put' && hasFields ? urlOf : ownId;
  const readResults = resultReader({ ...own, idField: idempotent ? idField : undefined }, ownId, isSingle);
  const namesRecords = own.resultId !== undefined || own.errorId !== undefined;

  return {
    name,
    query: queryOf({ ...own, method, url, idField }, idempotent),
    maxRecords,
    // Without a placeholder, these statuses mean that the URL is wrong for all records.
    ...(hasFields && { refusals: [404, 410] }),
    ...(idempotent && { idOf, idField }),
    problem(record) {
      if (!isJsonObject(record)) return 'the record is not a JSON object';
      if (namesRecords && ownId(record) === undefined) {
        return `the record has no value at ${JSON.stringify(idField)}, so its result cannot be found`;
      }
      return template.problem(record);
    },
    request(records) {
      const [record] = records;
      const key =
        keyHeader === undefined || ownId(record) === undefined ? {} : { [keyHeader]: digestOfRecord(record) };
      return {
        method,
        url: hasFields ? template.fill(record) : url,
        ...(params && { params }),
        headers: { ...headers, ...key },
        data: bodyOf(own, recordsAt === undefined ? record : records),
        responseType: 'json',
      };
    },
    results(response, records) {
      const sent: unknown = response.request?.method;
      if (typeof sent === 'string' && sent.toLowerCase() !== method) {
        throw unexpectedResults(
          `is the response to a ${sent}, because the API redirected the ${method.toUpperCase()}`,
        );
      }
      return readResults(response, records);
    },
    check,
  };
}

/** @param value the record, or the list of records. */
function bodyOf({ recordAt, recordsAt, data = {} }: RequestTargetOptions, value: unknown): unknown {
  const path = recordsAt ?? recordAt ?? '';
  return path === '' ? value : withValueAt(data, path, value as Json);
}

/** The options that determine what is sent, and whether it can be sent again. Options of the results can be corrected before a resume. */
function queryOf(options: RequestTargetOptions, idempotent: boolean): Json {
  const { method = REQUEST_DEFAULTS.method, recordsAt, recordAt, idField, idempotencyHeader } = options;
  return requestQuery(options, { method, recordsAt, recordAt, idField, idempotencyHeader, idempotent });
}
