import { cxonePage } from './cxone-page.ts';
import { cxoneError } from './errors.ts';
import type { Reply, Route, SimRequest } from './http.ts';
import { parseTime } from './iso-time.ts';
import { completedIn, indexesOf } from './selection.ts';
import type { World } from './world.ts';

const COMPLETED = /^\/incontactapi\/services\/v\d+(?:\.\d+)?\/contacts\/completed$/;
const ORDER_BY = /^(contactstart|contactid|lastupdatetime)( (asc|desc))?$/i;

/** Returns the endpoint for completed contacts, with paging by `skip` and `top`. */
export function completedContactsRoutes(world: World): Route[] {
  return [{ method: 'GET', path: COMPLETED, handle: (request) => completed(world, request) }];
}

function completed(world: World, request: SimRequest): Reply {
  const { dataset, settings } = world;
  const { query } = request;
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
  const orderBy = query.get('orderBy');
  if (orderBy !== null && !ORDER_BY.test(orderBy))
    return cxoneError(400, `The simulator does not support orderBy ${orderBy}`);

  const at = settings.dataNow();
  const range = { start: start ?? dataset.start, end, at, updatedSince };
  const indexes = indexesOf(completedIn(dataset, range));
  if (/^lastupdatetime/i.test(orderBy ?? ''))
    indexes.sort((a, b) => dataset.updatedAt(a, at) - dataset.updatedAt(b, at));
  if (/ desc$/i.test(orderBy ?? '')) indexes.reverse();
  return cxonePage(world, request, 'completedContacts', indexes.length, (n) =>
    dataset.completedContact(indexes[n] as number, at),
  );
}
