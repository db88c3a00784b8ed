import type { AxiosRequestConfig } from 'axios';
import { BatchError } from '../errors.ts';
import { ExactNumber } from '../json/exact-number.ts';
import { unexpected } from './answer.ts';
import { type JsonMembers, pathReader, valueAt, withValueAt } from './member-path.ts';
import { describeRequest, PAGED_DEFAULTS, type PagedOptions } from './paged-request.ts';
import { requiredStart } from './required-start.ts';
import { requestQuery, secretNamesProblem } from './secret-params.ts';
import type { Json, Page, PageSource } from './source.ts';

/** Where a source puts its paging parameters. */
export interface ParamOptions {
  /**
   * Whether paging parameters go to the query or to the body of a POST. In a body, their names can be dotted paths.
   * @default 'query' for GET, 'body' for POST
   */
  in?: 'query' | 'body' | undefined;
}

type RequestOptions = PagedOptions & ParamOptions;

/** Returns the request with the paging parameters in the query or the body. */
export function withParameters(
  { method, params, data, in: location = method === 'post' ? 'body' : 'query' }: RequestOptions,
  parameters: Readonly<Record<string, string | number | ExactNumber>>,
): AxiosRequestConfig {
  const entries = Object.entries(parameters);
  if (location === 'query') {
    const texts = entries.map(([name, value]) => [name, value instanceof ExactNumber ? value.text : value]);
    return { params: { ...params, ...Object.fromEntries(texts) }, ...(data && { data }) };
  }
  const body = entries.reduce<JsonMembers>(
    // For the compiler, an exact number is not a JSON value.
    (all, [path, value]) => withValueAt(all, path, value as Json),
    data ?? {},
  );
  return { ...(params && { params }), data: body };
}

/**
 * Returns the problems of the options of all generic sources.
 *
 * @param parameters names that the source sets.
 */
export function pagedProblems(options: RequestOptions, parameters: readonly (string | undefined)[]) {
  const { method = PAGED_DEFAULTS.method, totalTolerance = PAGED_DEFAULTS.totalTolerance } = options;
  const { url, params, data, items, secretParams, emptyPage = 'empty', emptyStatus } = options;
  const inBody = (options.in ?? (method === 'post' ? 'body' : 'query')) === 'body';
  return [
    !['get', 'post'].includes(method) && `method must be 'get' or 'post', not ${JSON.stringify(method)}`,
    typeof url !== 'string' && 'url must be a URL, relative to the base URL or absolute',
    typeof items !== 'string' &&
      "items must be the path of the list of records, such as 'entities', or '' if the response is the list",
    method === 'get' && data !== undefined && 'data requires method post, because a GET has no body',
    method === 'get' && options.in === 'body' && "in 'body' requires method post, because a GET has no body",
    options.in !== undefined && !['query', 'body'].includes(options.in) && "in must be 'query' or 'body'",
    !(totalTolerance >= 0 && totalTolerance <= 1) && 'totalTolerance must be a number from 0 to 1',
    !['empty', 'absent'].includes(emptyPage) && "emptyPage must be 'empty' or 'absent'",
    secretNamesProblem(secretParams),
    ![undefined, 204, 404].includes(emptyStatus) && 'emptyStatus must be 204 or 404',
    ...parameters.map((name) => {
      if (name === undefined) return undefined;
      if (name === '') return 'a paging parameter must have a name';
      const there = inBody
        ? valueAt(data, name) !== undefined
        : valueAt(params, name) !== undefined || hasInQuery(url, name);
      return there && `${name} is set by the source: remove it from the request`;
    }),
  ];
}

function hasInQuery(url: unknown, name: string): boolean {
  const [, query = ''] = /\?([^#]*)/.exec(String(url)) ?? [];
  return new URLSearchParams(query).has(name);
}

/**
 * Returns the query that identifies a checkpoint: the options that determine which records the API returns, and in which
 * order. The options about the end are not included, so that they can be corrected without starting over. Secrets are not
 * included, because they change and the checkpoint is not encrypted.
 */
export function queryOf(options: PagedOptions, more: Readonly<Record<string, Json | undefined>>): Json {
  const { method = PAGED_DEFAULTS.method, items, id, startedAt } = options;
  return requestQuery(options, { method, items, id, startedAt, ...more });
}

/**
 * Returns the functions of a source that read the id and the start of a record. They throw `ERR_UNEXPECTED_ANSWER` if the value is missing.
 */
export function readersOf(options: PagedOptions): Pick<PageSource, 'identify' | 'startedAt'> {
  return { ...identifyBy(options), ...startedBy(options) };
}

function startedBy(options: PagedOptions): Pick<PageSource, 'startedAt'> {
  const { startedAt: path } = options;
  if (path === undefined) return {};
  const startOf = pathReader(path);
  return { startedAt: (record) => requiredStart(startOf(record), describeRequest(options), path) };
}

function identifyBy(options: PagedOptions): Pick<PageSource, 'identify'> {
  const { id } = options;
  if (id === undefined) return {};
  const idOf = pathReader(id);
  return {
    identify(record) {
      const value = idOf(record);
      if (options.exactNumbers === false && Number.isInteger(value) && !Number.isSafeInteger(value))
        throw roundedId(options, Number(value));
      if (typeof value === 'string' || typeof value === 'number' || value instanceof ExactNumber)
        return value;
      throw unexpected(describeRequest(options), `returned a record without the id ${id}`);
    },
  };
}

/** Returns the error for an id that may equal another id only because both were rounded. */
function roundedId(options: PagedOptions, id: number): BatchError {
  return new BatchError(
    `${describeRequest(options)} returned the id ${id}, which may have lost digits, so that different records could have the same id. ` +
      'Keep the digits: remove exactNumbers: false (--no-exact-numbers).',
    'ERR_UNEXPECTED_ANSWER',
    { permanent: true },
  );
}

/** Returns the page that ends the only window of a generic source. */
export function endOf(
  options: PagedOptions,
  stated: number | undefined,
  warnings: readonly string[] = [],
): Page {
  const { totalTolerance: tolerance = PAGED_DEFAULTS.totalTolerance } = options;
  const end = { label: describeRequest(options), tolerance };
  return { items: [], stated, end, ...(warnings.length > 0 && { warnings }) };
}
