import { genesysError } from './errors.ts';
import {
  JSON_TYPE,
  packCursor,
  parseObject,
  type Reply,
  type Route,
  unpackCursor,
  wholeNumber,
} from './http.ts';
import { DAY } from './iso-time.ts';
import { parseInterval, parseTime } from './options.ts';
import type { World } from './world.ts';

const DETAILS_QUERY = '/api/v2/analytics/conversations/details/query';
const ORDERS: readonly unknown[] = [undefined, 'asc', 'desc'];
// In the simulated data the first segment starts with the conversation, so both orders are the same.
const ORDER_BYS: readonly unknown[] = [undefined, 'conversationStart', 'segmentStart'];

/** Returns the details query, in the real form and in the form of the tutorial. */
export function detailsQueryRoutes(world: World): Route[] {
  const { settings } = world;
  const routes: Route[] = [
    {
      method: 'POST',
      path: DETAILS_QUERY,
      handle(request) {
        const body = parseObject(request.body);
        if (!body) return genesysError(400, 'bad.request', 'The body must be a JSON object.');
        if (body.interval === undefined && settings.tutorialForms && isTutorialForm(body)) {
          return tutorialQuery(world, body);
        }
        return realQuery(world, body);
      },
    },
  ];
  if (settings.tutorialForms) {
    routes.push({
      method: 'GET',
      path: DETAILS_QUERY,
      handle({ query }) {
        const [from, to, size] = unpackCursor(query.get('cursor') ?? '', 3) ?? [];
        if (from === undefined || to === undefined || !size)
          return genesysError(400, 'bad.request', 'Unknown cursor.');
        return tutorialPage(world, from, Math.min(to, world.dataset.size), size);
      },
    });
  }
  return routes;
}

/** Returns the index range of the records in an interval, according to `intervalMatching`. */
export function rangeOf(
  { dataset }: World,
  interval: { start: number; end: number },
  matching: 'activity' | 'overlap' | 'day' | 'start',
): { from: number; to: number } {
  const { start, end } = interval;
  const midnight = Math.floor(start / DAY) * DAY;
  if (matching === 'day') {
    return {
      from: dataset.firstStartingAt(midnight),
      to: dataset.firstStartingAt(Math.ceil(end / DAY) * DAY),
    };
  }
  const to = dataset.firstStartingAt(end);
  if (matching === 'start') return { from: dataset.firstStartingAt(start), to };
  const active = dataset.firstEndingAfter(start);
  return { from: matching === 'overlap' ? active : Math.max(active, dataset.firstStartingAt(midnight)), to };
}

function realQuery(world: World, body: Record<string, unknown>): Reply {
  const { settings, dataset } = world;
  const interval = typeof body.interval === 'string' ? parseInterval(body.interval) : undefined;
  if (!interval) return genesysError(400, 'bad.request', 'interval is required as ISO 8601 start/end.');
  if (interval.end - interval.start > settings.maxInterval) {
    return genesysError(
      400,
      'bad.request',
      `The interval may not exceed ${settings.maxInterval / DAY} days.`,
    );
  }
  if (!ORDERS.includes(body.order)) return genesysError(400, 'bad.request', 'order must be asc or desc.');
  if (!ORDER_BYS.includes(body.orderBy)) {
    return genesysError(
      400,
      'bad.request',
      'orderBy must be conversationStart: the simulator supports no other order.',
    );
  }
  const paging = body.paging ?? { pageSize: 25, pageNumber: 1 };
  const { pageSize: size, pageNumber: number } = paging as { pageSize?: unknown; pageNumber?: unknown };
  const pageSize = wholeNumber(size) ?? 25;
  const pageNumber = wholeNumber(number) ?? 1;
  if (!(pageSize >= 1 && pageSize <= settings.maxPageSize && pageNumber >= 1)) {
    return genesysError(
      400,
      'bad.request',
      `pageSize must be between 1 and ${settings.maxPageSize}, and pageNumber at least 1.`,
    );
  }
  if (pageSize * pageNumber > settings.maxResults) {
    return genesysError(400, 'bad.request', `Pagination may not exceed ${settings.maxResults} results.`);
  }
  const { from, to } = rangeOf(world, interval, settings.intervalMatching);
  const totalHits = Math.max(0, to - from);
  const skip = (pageNumber - 1) * pageSize;
  const count = Math.min(pageSize, totalHits - skip);
  // After the last page, the real API returns an empty object without a total.
  if (count <= 0) return { status: 200, headers: JSON_TYPE, body: '{}' };
  const conversations =
    body.order === 'desc'
      ? dataset.conversationsJson(to - skip - count, to - skip, true)
      : dataset.conversationsJson(from + skip, from + skip + count);
  return {
    status: 200,
    headers: JSON_TYPE,
    body: `{"conversations":[${conversations}],"totalHits":${totalHits}}`,
    records: count,
  };
}

function isTutorialForm(body: Record<string, unknown>): boolean {
  return ['dateFrom', 'dateTo', 'size', 'query', 'select'].some((name) => name in body);
}

function tutorialQuery(world: World, body: Record<string, unknown>): Reply {
  const { dataset, settings } = world;
  const start = body.dateFrom === undefined ? dataset.start : parseTime(String(body.dateFrom));
  const end = body.dateTo === undefined ? dataset.end : parseTime(String(body.dateTo));
  const size = wholeNumber(body.size) ?? 50;
  if (start === undefined || end === undefined || start >= end) {
    return genesysError(
      400,
      'bad.request',
      'dateFrom and dateTo must be in ISO 8601, and dateFrom must be earlier.',
    );
  }
  if (!(size >= 1 && size <= settings.maxPageSize)) {
    return genesysError(400, 'bad.request', `size must be between 1 and ${settings.maxPageSize}.`);
  }
  const { from, to } = rangeOf(world, { start, end }, 'start');
  return tutorialPage(world, from, to, size);
}

function tutorialPage(world: World, from: number, to: number, size: number): Reply {
  const end = Math.min(from + size, to);
  const cursor = packCursor(end, to, size);
  const next = end < to ? `,"nextPage":"${world.url}${DETAILS_QUERY}?cursor=${cursor}"` : '';
  return {
    status: 200,
    headers: JSON_TYPE,
    body: `{"results":[${world.dataset.conversationsJson(from, end)}]${next}}`,
    records: Math.max(0, end - from),
  };
}
