import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { type OptionTable, redactUrl } from '../../core/internal.ts';
import { bareListOf, listOf, objectOf } from './answer.ts';
import { type JsonMembers, valueAt } from './member-path.ts';
import type { SourceContext } from './source.ts';

/**
 * Options of all generic sources: the request, and the paths of the values in its responses. A path is the name of a member,
 * or several names separated by dots, such as `paging.total`. `list.0.name` and `list[0].name` both lead into a list.
 */
export interface PagedOptions {
  /** For messages and checkpoints. @default 'pages' */
  name?: string | undefined;
  /** A `post` must not change data, because it can be sent again. @default 'get' */
  method?: 'get' | 'post' | undefined;
  /**
   * Relative to the instance's base URL, or absolute. The checkpoint stores it, `params` and `data` unencrypted, but without
   * members that are secrets by their names, such as `api_key`.
   */
  url: string;
  /** Query parameters. A list is sent as repeated parameters: `['a', 'b']` as `name=a&name=b`. */
  params?: JsonMembers | undefined;
  /** Members of the body of a POST. */
  data?: JsonMembers | undefined;
  /** Further names of secrets in `url`, `params` and `data`, which the checkpoint must not contain. @default none */
  secretParams?: readonly string[] | undefined;
  /** The path of the list of records; '' if the response is the list. */
  items: string;
  /** The path of the total number of records. If fewer different records arrive, the export fails. @default not known */
  total?: string | undefined;
  /** The fraction of the total that may be missing, from 0 to 1, for APIs that only estimate it. @default 0 */
  totalTolerance?: number | undefined;
  /**
   * The path of a record's id. If set, records with the same id are written once. The string '1' is not the number 1.
   * @default records are not compared
   */
  id?: string | undefined;
  /**
   * The path of the time at which a record began, in ISO 8601 with a zone. `exportDays` then writes a record only to the day in which it
   * began. A record without such a time ends the export.
   * @default not known
   */
  startedAt?: string | undefined;
  /**
   * What the API returns if there are no records: `empty` for an empty list, `absent` also for a response whose list is
   * missing or null. Use `absent` only if the API documents it, because an error can look the same.
   * @default 'empty'
   */
  emptyPage?: 'empty' | 'absent' | undefined;
  /** A status that means that there are no records: 204, or 404 for a page after the first. @default none */
  emptyStatus?: 204 | 404 | undefined;
  /**
   * Keeps the digits of numbers that JavaScript cannot represent, such as integers over 2^53: the values are {@link ExactNumber}.
   * @default true
   */
  exactNumbers?: boolean | undefined;
}

export const PAGED_OPTIONS: OptionTable<PagedOptions> = {
  name: 'string',
  method: 'any',
  url: 'any',
  params: 'object',
  data: 'object',
  secretParams: 'array',
  items: 'any',
  total: 'string',
  totalTolerance: 'any',
  id: 'string',
  startedAt: 'string',
  emptyPage: 'any',
  emptyStatus: 'any',
  exactNumbers: 'boolean',
};

export const PAGED_DEFAULTS = {
  name: 'pages',
  method: 'get',
  totalTolerance: 0,
  exactNumbers: true,
} as const;

/** The response for one page. */
export interface PagedAnswer {
  readonly response: AxiosResponse;
  /** Undefined if the status is `emptyStatus`. */
  readonly body: unknown;
  readonly items: readonly unknown[];
  /** The response is not a page, but the documented sign that there are no records. */
  readonly isMarker: boolean;
}

/**
 * Requests one page.
 *
 * @param more the part of the request that differs from page to page.
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` for a response with neither a list nor the documented end.
 */
export async function requestPage(
  { request }: SourceContext,
  options: PagedOptions,
  more: AxiosRequestConfig,
  isFirst: boolean,
): Promise<PagedAnswer> {
  const { method = PAGED_DEFAULTS.method, url, items: path, emptyPage, emptyStatus } = options;
  const { exactNumbers = PAGED_DEFAULTS.exactNumbers } = options;
  const config: AxiosRequestConfig = { method, url, ...more };
  const response = await request(
    {
      ...config,
      responseType: 'json',
      ...(emptyStatus === 404 && !isFirst && { validateStatus: isPageOr404 }),
      ...(config.method === 'post' && { authRefresh: { idempotent: true } }),
    },
    { exactNumbers },
  );
  if (response.status === emptyStatus) return { response, body: undefined, items: [], isMarker: true };
  const label = describeRequest(config);
  if (path === '') {
    const items = bareListOf(response, label);
    return { response, body: items, items, isMarker: false };
  }
  const { data: body } = response;
  const found = valueAt(body, path);
  if (emptyPage === 'absent' && (found === undefined || found === null)) {
    return { response, body: objectOf(response, label), items: [], isMarker: true };
  }
  const items = listOf(found === undefined ? objectOf(response, label) : { [path]: found }, path, label);
  return { response, body, items, isMarker: false };
}

function isPageOr404(status: number): boolean {
  return (status >= 200 && status < 300) || status === 404;
}

interface Described {
  method?: string | undefined;
  url?: string | undefined;
}

/** Returns the method and the redacted URL of a request, for messages. */
export function describeRequest({ method = PAGED_DEFAULTS.method, url = '' }: Described): string {
  return `${method.toUpperCase()} ${redactUrl(url)}`;
}
