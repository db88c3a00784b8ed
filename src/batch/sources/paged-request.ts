import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { type OptionTable, redactUrl } from '../../core/internal.ts';
import { bareListOf, listOf, objectOf } from './answer.ts';
import { type JsonMembers, valueAt } from './member-path.ts';
import type { SourceContext } from './source.ts';

/**
 * Options of all generic sources: the request, and the paths of the values in its responses. A path is the name of a member,
 * or several names separated by dots, such as `paging.total`.
 */
export interface PagedOptions {
  /** For messages and checkpoints. @default 'pages' */
  name?: string | undefined;
  /** A `post` must not change data, because it can be sent again. @default 'get' */
  method?: 'get' | 'post' | undefined;
  /** Relative to the instance's base URL, or absolute. The checkpoint stores it, `params` and `data` unencrypted. */
  url: string;
  /** Query parameters. */
  params?: JsonMembers | undefined;
  /** Members of the body of a POST. */
  data?: JsonMembers | undefined;
  /** The path of the list of records; '' if the response is the list. */
  items: string;
  /** The path of the total number of records. If fewer arrive, the export fails. @default not known */
  total?: string | undefined;
  /** The fraction of the total that may be missing, from 0 to 1, for APIs that only estimate it. @default 0 */
  totalTolerance?: number | undefined;
  /**
   * The path of a record's id. If set, records with the same id are written once. Each id takes about 100 bytes of memory.
   * @default records are not compared
   */
  id?: string | undefined;
  /**
   * What the API returns if there are no records: `empty` for an empty list, `absent` also for a response whose list is
   * missing or null. Use `absent` only if the API documents it, because an error can look the same.
   * @default 'empty'
   */
  emptyPage?: 'empty' | 'absent' | undefined;
  /** A status that means that there are no records: 204, or 404 for a page after the first. @default none */
  emptyStatus?: 204 | 404 | undefined;
}

export const PAGED_OPTIONS: OptionTable<PagedOptions> = {
  name: 'string',
  method: 'any',
  url: 'any',
  params: 'object',
  data: 'object',
  items: 'any',
  total: 'string',
  totalTolerance: 'any',
  id: 'string',
  emptyPage: 'any',
  emptyStatus: 'any',
};

export const PAGED_DEFAULTS = { name: 'pages', method: 'get', totalTolerance: 0 } as const;

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
  { method = PAGED_DEFAULTS.method, url, items: path, emptyPage, emptyStatus }: PagedOptions,
  more: AxiosRequestConfig,
  isFirst: boolean,
): Promise<PagedAnswer> {
  const config: AxiosRequestConfig = { method, url, ...more };
  const response = await request({
    ...config,
    responseType: 'json',
    ...(emptyStatus === 404 && !isFirst && { validateStatus: isPageOr404 }),
    ...(config.method === 'post' && { authRefresh: { idempotent: true } }),
  });
  if (response.status === emptyStatus) return { response, body: undefined, items: [], isMarker: true };
  const label = describeRequest(config);
  if (path === '') {
    const items = bareListOf(response, label);
    return { response, body: items, items, isMarker: false };
  }
  const body = objectOf(response, label);
  const found = valueAt(body, path);
  const isMarker = emptyPage === 'absent' && (found === undefined || found === null);
  if (isMarker) return { response, body, items: [], isMarker };
  const items = listOf(found === undefined ? body : { [path]: found }, path, label);
  return { response, body, items, isMarker };
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
