import { AGGREGATE_KEY, type ResourceTable } from './resource.ts';

// The client documents 25 as the default, and 100 as the maximum of some requests. The maximum of the others is not documented.
const DEFAULT_SIZE = 25;
const DOCUMENTED_MAXIMUM = 100;

const ENTITIES = {
  paging: 'page numbers',
  list: 'entities',
  id: 'id',
  total: 'total',
  pageSize: DEFAULT_SIZE,
} as const;

/**
 * The resources of Genesys Cloud. Paths, members and page sizes are those of `purecloud-platform-client-v2` 262; `source` names the method.
 * The permissions are from the documentation of the same methods.
 */
export const GENESYS_RESOURCES = {
  users: {
    ...ENTITIES,
    about: 'users of the organization',
    path: '/api/v2/users',
    permissions: [],
    source: 'UsersApi.getUsers',
    note: 'Only active users, unless `--param state=any`, `inactive` or `deleted` is set.',
  },
  queues: {
    ...ENTITIES,
    about: 'queues',
    path: '/api/v2/routing/queues',
    permissions: ['routing:queue:view'],
    source: 'RoutingApi.getRoutingQueues',
  },
  'queue-members': {
    about: 'members of each queue',
    path: '/api/v2/routing/queues/{queueId}/members',
    paging: 'links',
    list: 'entities',
    id: 'id',
    pageSize: DOCUMENTED_MAXIMUM,
    permissions: ['routing:queue:view'],
    parent: { resource: 'queues', field: 'queueId' },
    source: 'RoutingApi.getRoutingQueueMembers',
    note: 'A record is a member of a queue. It gets the member `queueId`, which identifies it together with `id`. A queue that is deleted during the export is skipped with a warning.',
  },
  teams: {
    about: 'teams',
    path: '/api/v2/teams',
    paging: 'links',
    list: 'entities',
    id: 'id',
    pageSize: DEFAULT_SIZE,
    permissions: ['groups:team:view'],
    source: 'TeamsApi.getTeams',
  },
  'wrapup-codes': {
    ...ENTITIES,
    about: 'wrap-up codes',
    path: '/api/v2/routing/wrapupcodes',
    permissions: ['routing:wrapupCode:view'],
    source: 'RoutingApi.getRoutingWrapupcodes',
  },
  skills: {
    ...ENTITIES,
    about: 'routing skills',
    path: '/api/v2/routing/skills',
    permissions: ['routing:skill:view'],
    source: 'RoutingApi.getRoutingSkills',
  },
  divisions: {
    ...ENTITIES,
    about: 'divisions',
    path: '/api/v2/authorization/divisions',
    permissions: [],
    source: 'AuthorizationApi.getAuthorizationDivisions',
  },
  campaigns: {
    ...ENTITIES,
    pageSize: DOCUMENTED_MAXIMUM,
    about: 'outbound dialing campaigns',
    path: '/api/v2/outbound/campaigns',
    permissions: ['outbound:campaign:view'],
    source: 'OutboundApi.getOutboundCampaigns',
  },
  'messaging-campaigns': {
    ...ENTITIES,
    pageSize: DOCUMENTED_MAXIMUM,
    about: 'outbound messaging campaigns',
    path: '/api/v2/outbound/messagingcampaigns',
    permissions: [
      'outbound:messagingCampaign:view',
      'outbound:emailCampaign:view',
      'outbound:whatsAppCampaign:view',
    ],
    source: 'OutboundApi.getOutboundMessagingcampaigns',
  },
  'contact-lists': {
    ...ENTITIES,
    pageSize: DOCUMENTED_MAXIMUM,
    about: 'outbound contact lists, without their contacts',
    path: '/api/v2/outbound/contactlists',
    permissions: ['outbound:contactList:view'],
    source: 'OutboundApi.getOutboundContactlists',
  },
  'user-details': {
    about: 'presences and statuses of users in an interval',
    path: '/api/v2/analytics/users/details/query',
    method: 'post',
    paging: 'page numbers',
    list: 'userDetails',
    total: 'totalHits',
    totalTolerance: 1,
    pageSize: DEFAULT_SIZE,
    permissions: ['analytics:userDetail:view'],
    interval: true,
    query: { required: [] },
    source: 'UsersApi.postAnalyticsUsersDetailsQuery',
    note:
      'A record is a user with the presences and statuses of the interval. A user can have several records. The API allows intervals of ' +
      'up to 7 days, or 31 days with filters. Its total is an estimate: missing records are a warning, unless `--total-tolerance` is set.',
  },
  'conversation-aggregates': {
    about: 'metrics of conversations by group and period',
    path: '/api/v2/analytics/conversations/aggregates/query',
    method: 'post',
    paging: 'one response',
    list: 'results',
    key: AGGREGATE_KEY,
    permissions: ['analytics:conversationAggregate:view'],
    interval: true,
    query: { required: ['metrics'] },
    source: 'AnalyticsApi.postAnalyticsConversationsAggregatesQuery',
    note: 'A record is one group in one period: `group`, `interval`, `metrics` and `views`. The API documents no pages and no total.',
  },
} as const satisfies ResourceTable;

/** The name of a resource of Genesys Cloud. */
export type GenesysResourceName = keyof typeof GENESYS_RESOURCES;
