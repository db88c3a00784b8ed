import { cxoneError } from './errors.ts';
import { json, type Reply, type Route, wholeNumber } from './http.ts';
import { parseTime } from './options.ts';
import { completedIn, indexesOf } from './selection.ts';
import type { CompletedContactsResponse } from './wire-types.ts';
import type { World } from './world.ts';

const COMPLETED = /^\/incontactapi\/services\/v\d+(?:\.\d+)?\/contacts\/completed$/;
const MAX_ROWS = 10_000;
const ORDER_BY = /^(contactstart|contactid|lastupdatetime)( (asc|desc))?$/i;

/** Returns the endpoint for completed contacts, with paging by `skip` and `top`. */
export function completedContactsRoutes(world: World): Route[] {
  return [{ method: 'GET', path: COMPLETED, handle: ({ path, query }) => completed(world, path, query) }];
}

function completed(world: World, path: string, query: URLSearchParams): Reply {
  const { dataset, settings } = world;
  const time = (name: string) => {
    const text = query.get(name);
    return text === null ? undefined : (parseTime(text) ?? Number.NaN);
  };
  const start = time('startDate');
  const updatedSince = time('updatedSince');
  const end = time('endDate') ?? dataset.end;
  if (start === undefined && updatedSince === undefined)
    return cxoneError(400, 'startDate or updatedSince is required');
  if ([start, updatedSince, end].some(Number.isNaN)) return cxoneError(400, 'Dates must be in ISO 8601');
  const skip = wholeNumber(query.get('skip')) ?? 0;
  const top = wholeNumber(query.get('top')) ?? MAX_ROWS;
  if (Number.isNaN(skip) || !(top >= 1))
    return cxoneError(400, 'skip must be a whole number, top a whole number above 0');
  const orderBy = query.get('orderBy');
  if (orderBy !== null && !ORDER_BY.test(orderBy))
    return cxoneError(400, `The simulator does not support orderBy ${orderBy}`);

  const at = settings.dataNow();
  const range = { start: start ?? dataset.start, end, at, updatedSince };
  const indexes = indexesOf(completedIn(dataset, range));
  if (/^lastupdatetime/i.test(orderBy ?? ''))
    indexes.sort((a, b) => dataset.updatedAt(a, at) - dataset.updatedAt(b, at));
  if (/ desc$/i.test(orderBy ?? '')) indexes.reverse();
  const total = indexes.length;
  // A `top` above the limit is valid: the response is shorter and contains the URL of the next page.
  const completedContacts = indexes
    .slice(skip, skip + Math.min(top, MAX_ROWS))
    .map((index) => dataset.completedContact(index, at))
    .filter((contact) => contact !== undefined);
  const count = completedContacts.length;
  if (count === 0) return { status: 204, body: '' };
  const page = (from: number) => {
    const params = new URLSearchParams(query);
    params.set('skip', String(from));
    params.set('top', String(top));
    return `${world.url}${path}?${params}`;
  };
  const body: CompletedContactsResponse = {
    businessUnitId: 4_599_999,
    lastPollTime: new Date(settings.now()).toISOString(),
    totalRecords: total,
    _links: { self: page(skip), ...(skip + count < total && { next: page(skip + count) }) },
    completedContacts,
  };
  return { ...json(200, body), records: count };
}
