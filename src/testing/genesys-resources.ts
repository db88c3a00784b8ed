import { QUEUES, USERS } from './conversation.ts';
import { genesysError } from './errors.ts';
import {
  json,
  packCursor,
  parseObject,
  type Reply,
  type Route,
  type SimRequest,
  unpackCursor,
  wholeNumber,
} from './http.ts';
import { HOUR, parseInterval } from './iso-time.ts';
import { STREAMS } from './random.ts';
import type { World } from './world.ts';

/** A record of a list. Users and queues have the ids that conversations refer to. */
type Entity = { readonly id: string; readonly name: string } & Readonly<Record<string, unknown>>;

const MAX_PAGE = 500;
const MEMBERS = /^\/api\/v2\/routing\/queues\/([\w-]+)\/members$/;

/** Lists with page numbers: the name of a record, and the number of records. */
const LISTS: Readonly<Record<string, readonly [name: string, count: number]>> = {
  '/api/v2/routing/wrapupcodes': ['Wrap-up code', 24],
  '/api/v2/routing/skills': ['Skill', 32],
  '/api/v2/authorization/divisions': ['Division', 3],
  '/api/v2/outbound/campaigns': ['Campaign', 5],
  '/api/v2/outbound/messagingcampaigns': ['Messaging campaign', 2],
  '/api/v2/outbound/contactlists': ['Contact list', 7],
};

/** Returns the endpoints for users, queues and other resources of Genesys Cloud. */
export function genesysResourceRoutes(world: World): Route[] {
  const { hash } = world;
  const entities = (name: string, count: number, stream: number, first = 0): Entity[] =>
    Array.from({ length: count }, (_, n) => ({ id: hash.uuid(stream, first + n), name: `${name} ${n + 1}` }));
  const users = entities('User', USERS, STREAMS.user);
  const queues = entities('Queue', QUEUES, STREAMS.queue);
  // Every fourth queue is empty, and a user is a member of several queues.
  const membersOf = (queue: number): Entity[] =>
    queue % 4 === 3 ? [] : users.filter((_, user) => (user + queue) % (queue + 2) === 0);

  const get = (path: string | RegExp, handle: Route['handle']): Route => ({ method: 'GET', path, handle });
  const post = (path: string, handle: (body: Record<string, unknown>, span: Span) => Reply): Route => ({
    method: 'POST',
    path,
    handle: ({ body }) => withInterval(body, handle),
  });

  return [
    get('/api/v2/users', (request) => numberedPage(request, users)),
    get('/api/v2/routing/queues', (request) => numberedPage(request, queues)),
    get(MEMBERS, (request, [id]) => {
      const queue = queues.findIndex((other) => other.id === id);
      return queue < 0 ? genesysError(404) : linkedPage(request, membersOf(queue).map(asMember));
    }),
    get('/api/v2/teams', (request) => linkedPage(request, entities('Team', 12, STREAMS.resource))),
    ...Object.entries(LISTS).map(([path, [name, count]], n) =>
      get(path, (request) => numberedPage(request, entities(name, count, STREAMS.resource, (n + 1) * 1000))),
    ),
    post('/api/v2/analytics/users/details/query', (body, span) => userDetails(users, body, span)),
    post('/api/v2/analytics/conversations/aggregates/query', (body, span) =>
      aggregate(world, queues, body, span),
    ),
  ];
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function asMember(user: Entity): Entity {
  return { ...user, joined: true, memberBy: 'user' };
}

function withInterval(text: string, handle: (body: Record<string, unknown>, span: Span) => Reply): Reply {
  const body = parseObject(text);
  const span = typeof body?.interval === 'string' ? parseInterval(body.interval) : undefined;
  if (!body || !span) return genesysError(400, 'bad.request', 'interval is required as ISO 8601 start/end.');
  return handle(body, span);
}

function sizeOf(query: URLSearchParams): number {
  const size = wholeNumber(query.get('pageSize')) ?? 25;
  return size >= 1 && size <= MAX_PAGE ? size : Number.NaN;
}

function numberedPage({ path, query }: SimRequest, all: readonly Entity[]): Reply {
  const pageSize = sizeOf(query);
  const pageNumber = wholeNumber(query.get('pageNumber')) ?? 1;
  if (Number.isNaN(pageSize) || !(pageNumber >= 1)) return badPage();
  const entities = all.slice((pageNumber - 1) * pageSize, pageNumber * pageSize);
  const pageCount = Math.ceil(all.length / pageSize);
  const selfUri = `${path}?pageNumber=${pageNumber}&pageSize=${pageSize}`;
  const body = { entities, pageSize, pageNumber, total: all.length, pageCount, selfUri };
  return { ...json(200, body), records: entities.length };
}

function linkedPage({ path, query }: SimRequest, all: readonly Entity[]): Reply {
  const pageSize = sizeOf(query);
  const [start] = query.has('after') ? (unpackCursor(query.get('after') ?? '', 1) ?? []) : [0];
  if (Number.isNaN(pageSize) || start === undefined) return badPage();
  const entities = all.slice(start, start + pageSize);
  const end = start + pageSize;
  const nextUri = `${path}?pageSize=${pageSize}&after=${packCursor(end)}`;
  return { ...json(200, { entities, ...(end < all.length && { nextUri }) }), records: entities.length };
}

function badPage(): Reply {
  return genesysError(
    400,
    'bad.request',
    `pageNumber and after must be valid, pageSize from 1 to ${MAX_PAGE}.`,
  );
}

/** Every user is present and on a queue from the start to the end of the interval. */
function userDetails(users: readonly Entity[], body: Record<string, unknown>, { start, end }: Span): Reply {
  const { pageSize: size, pageNumber: number } = Object(body.paging) as Record<string, unknown>;
  const pageSize = wholeNumber(size) ?? 25;
  const pageNumber = wholeNumber(number) ?? 1;
  if (!(pageSize >= 1 && pageSize <= 100 && pageNumber >= 1)) return badPage();
  const page = users.slice((pageNumber - 1) * pageSize, pageNumber * pageSize);
  if (page.length === 0) return json(200, { totalHits: users.length });
  const times = { startTime: new Date(start).toISOString(), endTime: new Date(end).toISOString() };
  const details = page.map(({ id: userId }) => ({
    userId,
    primaryPresence: [{ ...times, systemPresence: 'ON_QUEUE' }],
    routingStatus: [{ ...times, routingStatus: 'IDLE' }],
  }));
  return { ...json(200, { userDetails: details, totalHits: users.length }), records: details.length };
}

/** Counts the conversations that begin in each hour of the interval, for each queue if `groupBy` contains `queueId`. */
function aggregate(
  world: World,
  queues: readonly Entity[],
  body: Record<string, unknown>,
  span: Span,
): Reply {
  const { metrics, groupBy = [] } = body;
  if (!Array.isArray(metrics) || metrics.length === 0)
    return genesysError(400, 'bad.request', 'metrics is required.');
  const groups =
    Array.isArray(groupBy) && groupBy.includes('queueId') ? queues.map(({ id }) => ({ queueId: id })) : [{}];
  const hours = Math.min(Math.ceil((span.end - span.start) / HOUR), 24 * 31);
  const data = Array.from({ length: hours }, (_, hour) => {
    const [from, to] = [span.start + hour * HOUR, Math.min(span.start + (hour + 1) * HOUR, span.end)];
    const count = world.dataset.firstStartingAt(to) - world.dataset.firstStartingAt(from);
    return {
      interval: `${new Date(from).toISOString()}/${new Date(to).toISOString()}`,
      metrics: metrics.map((metric) => ({ metric, stats: { count } })),
    };
  });
  return json(200, { results: groups.map((group) => ({ group: { mediaType: 'voice', ...group }, data })) });
}
