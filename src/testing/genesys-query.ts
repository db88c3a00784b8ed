import { genesysError } from './errors.ts';
import { readFilters } from './filters.ts';
import {
  JSON_TYPE,
  packCursor,
  parseObject,
  type Reply,
  type Route,
  unpackCursor,
  wholeNumber,
} from './http.ts';
import { DAY, parseInterval, parseTime } from './iso-time.ts';
import { jsonOf, pageOf, readFrom, type Selection, selectConversations, visibleIn } from './selection.ts';
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
        const range = { from, to: Math.min(to, world.dataset.size), at: settings.dataNow() };
        return tutorialPage(world, visibleIn(world.dataset, range), size);
      },
    });
  }
  return routes;
}

function realQuery(world: World, body: Record<string, unknown>): Reply {
  const { settings } = world;
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
  const filter = readFilters(body);
  if (typeof filter === 'string') return genesysError(400, 'bad.request', filter);
  const at = settings.dataNow();
  const query = { ...interval, matching: settings.intervalMatching, at, filter };
  const selection = selectConversations(world, query);
  const descending = body.order === 'desc';
  const { total, ...page } = pageOf(selection, (pageNumber - 1) * pageSize, pageSize, descending);
  // After the last page, the real API returns an empty object without a total.
  if (page.count === 0) return { status: 200, headers: JSON_TYPE, body: '{}' };
  return {
    status: 200,
    headers: JSON_TYPE,
    body: `{"conversations":[${jsonOf(world, selection, page, descending)}],"totalHits":${total}}`,
    records: page.count,
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
  const query = { start, end, matching: 'start', at: settings.dataNow() } as const;
  return tutorialPage(world, selectConversations(world, query), size);
}

function tutorialPage(world: World, selection: Selection, size: number): Reply {
  const { next, ...page } = readFrom(selection, selection.from, size);
  const nextPage =
    next === undefined
      ? ''
      : `,"nextPage":"${world.url}${DETAILS_QUERY}?cursor=${packCursor(next, selection.to, size)}"`;
  return {
    status: 200,
    headers: JSON_TYPE,
    body: `{"results":[${jsonOf(world, selection, page)}]${nextPage}}`,
    records: page.count,
  };
}
