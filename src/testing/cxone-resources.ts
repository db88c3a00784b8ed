import { cxonePage } from './cxone-page.ts';
import { cxoneError } from './errors.ts';
import type { Reply, Route, SimRequest } from './http.ts';
import { parseTime } from './iso-time.ts';
import type { World } from './world.ts';

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
      handle: (request) => cxonePage(world, request, name, count, (n) => record(first + n)),
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
  return cxonePage(world, request, 'contactStateHistory', count, (n) => {
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
