import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { redactUrl } from '../../core/internal.ts';
import { bareListOf, listOf, objectOf } from './answer.ts';
import { type JsonMembers, valueAt } from './member-path.ts';
import type { SourceContext } from './source.ts';

/**
 * What all generic sources are told: what to ask for, and where the answers hold what. A path is the name of a member, or
 * names with dots between them for one within another, such as `paging.total`.
 */
export interface PagedOptions {
  /** For messages and checkpoints. @default 'pages' */
  name?: string | undefined;
  /** With `post` the request must only read: it is retried. @default 'get' */
  method?: 'get' | 'post' | undefined;
  /** Relative to the instance's base URL, or absolute. The checkpoint holds it, `params` and `data` in clear. */
  url: string;
  /** Members of the query. */
  params?: JsonMembers | undefined;
  /** Members of the body of a POST. */
  data?: JsonMembers | undefined;
  /** The path of the list of records; '' for an answer that is itself the list. */
  items: string;
  /** The path of how many records there are in all. Fewer than that in the end are an error. @default not known */
  total?: string | undefined;
  /** Which part of the total may be missing in the end, from 0 to 1, where the API only estimates it. @default 0 */
  totalTolerance?: number | undefined;
  /**
   * The path of a record's id: then records with the same id are written once. Each id is held in memory, which is
   * about 100 bytes. @default records are not compared
   */
  id?: string | undefined;
  /**
   * What the API answers where there are no records: `empty` for an empty list, `absent` for an answer without the list or
   * with null in its place too. Only what the API's documentation says: an error can look like that.
   * @default 'empty'
   */
  emptyPage?: 'empty' | 'absent' | undefined;
  /** A status that says there are no records: 204, or 404 for a page behind the first. @default none */
  emptyStatus?: 204 | 404 | undefined;
}

export const PAGED_DEFAULTS = { name: 'pages', method: 'get', totalTolerance: 0 } as const;

/** What came for one page. */
export interface PagedAnswer {
  readonly response: AxiosResponse;
  /** Undefined where the status said that there is nothing. */
  readonly body: unknown;
  readonly items: readonly unknown[];
  /** It is no page at all, but the documented sign that there are no records. */
  readonly isMarker: boolean;
}

/**
 * Asks for one page.
 *
 * @param more what differs from page to page.
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` for an answer with neither a list nor the documented end.
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
  const asked = describeRequest(config);
  if (path === '') {
    const items = bareListOf(response, asked);
    return { response, body: items, items, isMarker: false };
  }
  const body = objectOf(response, asked);
  const found = valueAt(body, path);
  const isMarker = emptyPage === 'absent' && (found === undefined || found === null);
  if (isMarker) return { response, body, items: [], isMarker };
  const items = listOf(found === undefined ? body : { [path]: found }, path, asked);
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
