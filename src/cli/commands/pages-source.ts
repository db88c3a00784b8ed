import {
  cursorSource,
  linkSource,
  offsetSource,
  type PageSource,
  pageNumberSource,
} from '../../batch/index.ts';
import type { JsonMembers } from '../../batch/internal.ts';
import { refuse } from '../../core/internal.ts';
import type { ExportFlags } from '../flags/export-flags.ts';
import { readJsonObject } from '../parse.ts';
import { unusedSecretParams } from '../secret-flags.ts';
import type { VendorName } from '../variables.ts';

/** The flags of `export pages`. */
export interface PagesFlags extends ExportFlags {
  vendor?: VendorName;
  baseUrl?: string;
  url: string;
  method: 'get' | 'post';
  param?: Record<string, string | string[]>;
  secretParam?: string[];
  in?: 'query' | 'body';
  data?: string;
  items: string;
  id?: string;
  total?: string;
  totalTolerance?: number;
  absentAtEnd?: true;
  emptyStatus?: '204' | '404';
  exactNumbers: boolean;
  lastPage?: 'empty' | 'short';
  pageNumber?: string | true;
  offset?: string | true;
  cursor?: string;
  next?: string;
  nextPath?: string;
  cursorParameter?: string;
  pageSize?: number;
  sizeParameter?: string;
  firstPage?: number;
  firstOffset?: number;
  pageCount?: string;
}

/** Creates the source that the flags describe. @throws ConfigurationError, also for a flag that has no effect. */
export function pagesSource(flags: PagesFlags): PageSource {
  const { pageNumber, offset, cursor, next, pageSize, sizeParameter, cursorParameter, lastPage } = flags;
  const { method, url, param: params, secretParam: secretParams, items, id, total } = flags;
  const ways = { '--page-number': pageNumber, '--offset': offset, '--cursor': cursor, '--next': next };
  const chosen = Object.entries(ways).filter(([, value]) => value !== undefined);
  const numbered = pageNumber !== undefined || offset !== undefined;
  const isSent = offset !== undefined || sizeParameter !== undefined;
  refuse('export pages', [
    chosen.length === 0 && `set one of ${Object.keys(ways).join(', ')}`,
    chosen.length > 1 && `set only one of ${chosen.map(([flag]) => flag).join(', ')}`,
    !numbered && pageSize !== undefined && '--page-size requires --page-number or --offset',
    !numbered && sizeParameter !== undefined && '--size-parameter requires --page-number or --offset',
    !numbered && lastPage !== undefined && '--last-page requires --page-number or --offset',
    pageNumber !== undefined &&
      pageSize !== undefined &&
      !isSent &&
      lastPage !== 'short' &&
      '--page-size is not sent: set --size-parameter to the name of its parameter',
    pageNumber !== undefined &&
      pageSize === undefined &&
      sizeParameter !== undefined &&
      '--size-parameter requires --page-size',
    pageNumber !== undefined &&
      pageSize === undefined &&
      lastPage === 'short' &&
      '--last-page short requires --page-size',
    lastPage !== undefined && flags.pageCount !== undefined && '--last-page has no effect with --page-count',
    pageNumber === undefined && flags.firstPage !== undefined && '--first-page requires --page-number',
    pageNumber === undefined && flags.pageCount !== undefined && '--page-count requires --page-number',
    offset === undefined && flags.firstOffset !== undefined && '--first-offset requires --offset',
    total === undefined && flags.totalTolerance !== undefined && '--total-tolerance requires --total',
    cursor === undefined && cursorParameter !== undefined && '--cursor-parameter requires --cursor',
    next === undefined && flags.nextPath !== undefined && '--next-path requires --next',
    next !== undefined && flags.in !== undefined && '--in has no effect with --next: a link is a whole URL',
    items === '' && flags.absentAtEnd && '--absent-at-end requires the path of a list in --items',
    items === '' &&
      total !== undefined &&
      "--total requires --items other than '', because a list has no total",
  ]);
  const data = flags.data === undefined ? undefined : (readJsonObject('--data', flags.data) as JsonMembers);
  refuse('--secret-param', unusedSecrets(flags, data));
  const { totalTolerance, emptyStatus, exactNumbers } = flags;
  const shared = {
    method,
    url,
    params,
    secretParams,
    items,
    id,
    total,
    totalTolerance,
    exactNumbers,
    data,
    emptyPage: flags.absentAtEnd && ('absent' as const),
    emptyStatus: emptyStatus === '204' ? (204 as const) : emptyStatus && (404 as const),
  };
  if (next !== undefined) return linkSource({ ...shared, next, nextPath: flags.nextPath });
  const paged = { ...shared, in: flags.in };
  if (cursor !== undefined) return cursorSource({ ...paged, cursor, parameter: cursorParameter });
  const name = (value: string | true | undefined) => (value === true ? undefined : value);
  const sized = { ...paged, sizeParameter, pageSize, lastPage };
  if (offset !== undefined) {
    return offsetSource({ ...sized, skipParameter: name(offset), firstOffset: flags.firstOffset });
  }
  const { firstPage: first, pageCount } = flags;
  return pageNumberSource({ ...sized, parameter: name(pageNumber), first, pageCount });
}

/** Returns a problem for each name of `--secret-param` that the request does not contain. */
export function unusedSecrets(
  { url, param = {}, secretParam }: Pick<PagesFlags, 'url' | 'param' | 'secretParam'>,
  data: JsonMembers | undefined,
) {
  const names = [
    ...new URLSearchParams(url.replace(/^[^?]*\??/, '')).keys(),
    ...Object.keys(param),
    ...namesIn(data),
  ];
  return unusedSecretParams(secretParam, names, '--param, member of --data or parameter of --url');
}

/** Returns the names of the members of a JSON value, at any depth. */
function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesIn(inner)]);
}
