import { parseInterval } from '../sources/interval.ts';
import { linkSource } from '../sources/link.ts';
import type { JsonMembers } from '../sources/member-path.ts';
import { offsetSource } from '../sources/offset.ts';
import { pageNumberSource } from '../sources/page-number.ts';
import type { PagedOptions } from '../sources/paged-request.ts';
import type { PageSource } from '../sources/source.ts';
import { toText } from '../sources/windows.ts';
import type { Resource } from './resource.ts';
import type { ResourceOptions } from './resource-options.ts';

/** Returns the source of a resource that is a list of pages. */
export function listResource(name: string, resource: Resource, options: ResourceOptions): PageSource {
  const { path, method = 'get', list, id, total } = resource;
  const { params, secretParams, query, interval, totalTolerance = resource.totalTolerance } = options;
  const pageSize = options.pageSize ?? resource.pageSize ?? 100;
  const shared: PagedOptions = {
    name,
    method,
    url: path,
    params,
    secretParams,
    items: list,
    id,
    total,
    totalTolerance,
  };
  if (method === 'post') {
    // The API omits the list if there are no records.
    const body = { ...shared, data: { ...query, ...bodyInterval(interval) }, emptyPage: 'absent' as const };
    const paging = { parameter: 'paging.pageNumber', sizeParameter: 'paging.pageSize', pageSize };
    return pageNumberSource({ ...body, ...paging });
  }
  switch (resource.paging) {
    case 'links':
      return linkSource({ ...shared, params: { ...params, pageSize }, next: 'nextUri' });
    case 'skip and top':
      return offsetSource({
        ...shared,
        params: { ...params, ...dates(interval) },
        pageSize,
        emptyStatus: 204,
      });
    default:
      return pageNumberSource({ ...shared, pageSize, sizeParameter: 'pageSize', pageCount: 'pageCount' });
  }
}

export function bodyInterval(interval: string | undefined): JsonMembers {
  return interval === undefined ? {} : { interval: toText(parseInterval(interval)) };
}

function dates(interval: string | undefined): JsonMembers {
  if (interval === undefined) return {};
  const [startDate = '', endDate = ''] = toText(parseInterval(interval)).split('/');
  return { startDate, endDate };
}
