import { cxoneError } from './errors.ts';
import { json, type Reply, type SimRequest, wholeNumber } from './http.ts';
import type { World } from './world.ts';

const MAX_ROWS = 10_000;

/**
 * Answers a request of CXone with `skip` and `top`.
 *
 * @param list the member of the response with the records.
 * @param total the number of all records.
 * @param recordAt returns the record after the first `n` ones.
 */
export function cxonePage(
  world: World,
  { path, query }: SimRequest,
  list: string,
  total: number,
  recordAt: (n: number) => unknown,
): Reply {
  const skip = wholeNumber(query.get('skip')) ?? 0;
  const top = wholeNumber(query.get('top')) ?? MAX_ROWS;
  if (Number.isNaN(skip) || !(top >= 1))
    return cxoneError(400, 'skip must be a whole number, top a whole number above 0');
  // A `top` above the limit is valid: the response is shorter and contains the URL of the next page.
  const count = Math.min(top, MAX_ROWS, total - skip);
  if (count <= 0) return { status: 204, body: '' };
  const urlAt = (from: number) => {
    const params = new URLSearchParams(query);
    params.set('skip', String(from));
    params.set('top', String(top));
    return `${world.url}${path}?${params}`;
  };
  const body = {
    businessUnitId: 4_599_999,
    lastPollTime: new Date(world.settings.now()).toISOString(),
    totalRecords: total,
    _links: { self: urlAt(skip), ...(skip + count < total && { next: urlAt(skip + count) }) },
    [list]: Array.from({ length: count }, (_, n) => recordAt(skip + n)),
  };
  return { ...json(200, body), records: count };
}
