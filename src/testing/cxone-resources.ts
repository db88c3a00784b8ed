import { cxoneError } from './errors.ts';
import { json, type Reply, type Route, type SimRequest, wholeNumber } from './http.ts';
import { parseTime } from './options.ts';
import type { World } from './world.ts';

const MAX_ROWS = 10_000;

/** The ids that completed contacts refer to, and their teams. */
const LISTS = {
  agents: {
    first: 1_000,
    count: 64,
    record: (id: number) => ({ agentId: id, userName: `agent${id}`, isActive: true, teamId: 1 + (id % 5) }),
  },
  teams: {
    first: 1,
    count: 5,
    record: (id: number) => ({ teamId: id, teamName: `Team ${id}`, isActive: true }),
  },
  skills: {
    first: 4_000,
    count: 16,
    record: (id: number) => ({ skillId: id, skillName: `Skill ${id}`, mediaTypeId: 4 }),
  },
} as const;

/** Returns the endpoints for agents, teams, skills and the states of contacts of NICE CXone. */
export function cxoneResourceRoutes(world: World): Route[] {
  const lists = Object.entries(LISTS).map(
    ([name, { first, count, record }]): Route => ({
      method: 'GET',
      path: new RegExp(`^/incontactapi/services/v\\d+(?:\\.\\d+)?/${name}$`),
      handle: (request) => page(world, request, name, count, (n) => record(first + n)),
    }),
  );
  return [
    ...lists,
    {
      method: 'GET',
      path: /^\/incontactapi\/services\/v\d+(?:\.\d+)?\/contacts\/state-history$/,
      handle: (request) => stateHistory(world, request),
    },
  ];
}

/** Two states of each contact that begins in the interval. */
function stateHistory(world: World, request: SimRequest): Reply {
  const { dataset } = world;
  const [start, end] = ['startDate', 'endDate'].map((name) => parseTime(request.query.get(name) ?? ''));
  if (start === undefined || end === undefined)
    return cxoneError(400, 'startDate and endDate are required in ISO 8601');
  const from = dataset.firstStartingAt(start);
  const count = Math.max(0, dataset.firstStartingAt(end) - from) * 2;
  return page(world, request, 'contactStateHistory', count, (n) => {
    const contact = dataset.completedContact(from + Math.floor(n / 2));
    const stateIndex = n % 2;
    if (contact === undefined) throw new RangeError('the data of the simulator ends before this contact');
    const { contactId, contactStart, contactEnd, agentId, skillId } = contact;
    const startDate = stateIndex === 0 ? contactStart : contactEnd;
    return {
      stateIndex,
      contactId: String(contactId),
      contactStateName: ['Active', 'EndContact'][stateIndex],
      startDate,
      agentId,
      skillId,
    };
  });
}

function page(
  world: World,
  { path, query }: SimRequest,
  list: string,
  total: number,
  record: (n: number) => unknown,
): Reply {
  const skip = wholeNumber(query.get('skip')) ?? 0;
  const top = wholeNumber(query.get('top')) ?? MAX_ROWS;
  if (Number.isNaN(skip) || !(top >= 1)) return cxoneError(400, 'Invalid top or skip');
  const count = Math.min(top, MAX_ROWS, total - skip);
  if (count <= 0) return { status: 204, body: '' };
  const next = new URLSearchParams(query);
  next.set('skip', String(skip + count));
  const body = {
    businessUnitId: 4_599_999,
    lastPollTime: new Date(world.settings.now()).toISOString(),
    totalRecords: total,
    _links: {
      self: `${world.url}${path}?${query}`,
      ...(skip + count < total && { next: `${world.url}${path}?${next}` }),
    },
    [list]: Array.from({ length: count }, (_, n) => record(skip + n)),
  };
  return { ...json(200, body), records: count };
}
