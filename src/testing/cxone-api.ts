import { cxoneError } from './errors.ts';
import { json, type Reply, type Route, wholeNumber } from './http.ts';
import { parseTime } from './options.ts';
import type { CompletedContact, CompletedContactsResponse } from './wire-types.ts';
import type { World } from './world.ts';

const COMPLETED = /^\/incontactapi\/services\/v\d+(?:\.\d+)?\/contacts\/completed$/;
const MAX_ROWS = 10_000;
const ORDER_BY = /^(contactstart|contactid|lastupdatetime)( (asc|desc))?$/i;

/** Returns the endpoint for completed contacts, with paging by `skip` and `top`. */
export function completedContactsRoutes(world: World): Route[] {
  return [{ method: 'GET', path: COMPLETED, handle: ({ path, query }) => completed(world, path, query) }];
}

function completed(world: World, path: string, query: URLSearchParams): Reply {
  const { dataset } = world;
  const time = (name: string) => {
    const text = query.get(name);
    return text === null ? undefined : (parseTime(text) ?? Number.NaN);
  };
  const start = time('startDate');
  const updated = time('updatedSince');
  const end = time('endDate') ?? dataset.end;
  if (start === undefined && updated === undefined)
    return cxoneError(400, 'startDate or updatedSince is required');
  if ([start, updated, end].some(Number.isNaN)) return cxoneError(400, 'Dates must be in ISO 8601');
  const skip = wholeNumber(query.get('skip')) ?? 0;
  const top = wholeNumber(query.get('top')) ?? MAX_ROWS;
  if (Number.isNaN(skip) || !(top >= 1))
    return cxoneError(400, 'skip must be a whole number, top a whole number above 0');
  const orderBy = query.get('orderBy');
  if (orderBy !== null && !ORDER_BY.test(orderBy))
    return cxoneError(400, `The simulator does not support orderBy ${orderBy}`);

  const from = Math.max(
    start === undefined ? 0 : dataset.firstStartingAt(start),
    updated === undefined ? 0 : dataset.firstEndingAfter(updated - 1),
  );
  const to = dataset.firstStartingAt(end);
  const total = Math.max(0, to - from);
  // A `top` above the limit is valid: the response is shorter and contains the URL of the next page.
  const count = Math.min(top, MAX_ROWS, total - skip);
  if (count <= 0) return { status: 204, body: '' };
  const descending = / desc$/i.test(orderBy ?? '');
  const completedContacts = Array.from({ length: count }, (_, n): CompletedContact => {
    return dataset.completedContact(descending ? to - 1 - skip - n : from + skip + n);
  });
  const page = (at: number) => {
    const params = new URLSearchParams(query);
    params.set('skip', String(at));
    params.set('top', String(top));
    return `${world.url}${path}?${params}`;
  };
  const body: CompletedContactsResponse = {
    businessUnitId: 4_599_999,
    lastPollTime: new Date(world.settings.now()).toISOString(),
    totalRecords: total,
    _links: { self: page(skip), ...(skip + count < total && { next: page(skip + count) }) },
    completedContacts,
  };
  return { ...json(200, body), records: count };
}
