import type { ResourceTable } from './resource.ts';

const ENTITIES = {
  paging: 'page numbers',
  list: 'entities',
  id: 'id',
  total: 'total',
  pageSize: 100,
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
    pageSize: 100,
    permissions: ['routing:queue:view'],
    parent: { resource: 'queues', field: 'queueId' },
    source: 'RoutingApi.getRoutingQueueMembers',
    note: 'Each record gets the member `queueId`. A queue that is deleted during the export is skipped with a warning.',
  },
  teams: {
    about: 'teams',
    path: '/api/v2/teams',
    paging: 'links',
    list: 'entities',
    id: 'id',
    pageSize: 100,
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
    about: 'outbound dialing campaigns',
    path: '/api/v2/outbound/campaigns',
    permissions: ['outbound:campaign:view'],
    source: 'OutboundApi.getOutboundCampaigns',
  },
  'messaging-campaigns': {
    ...ENTITIES,
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
    id: 'userId',
    // An export adds the interval, because a user has a record in each.
    key: ['userId', 'interval'],
    total: 'totalHits',
    pageSize: 100,
    permissions: ['analytics:userDetail:view'],
    interval: true,
    query: { required: [] },
    source: 'UsersApi.postAnalyticsUsersDetailsQuery',
    note: 'A record is a user with the presences and statuses of the interval.',
  },
  'conversation-aggregates': {
    about: 'metrics of conversations by group and period',
    path: '/api/v2/analytics/conversations/aggregates/query',
    method: 'post',
    paging: 'one response',
    list: 'results',
    key: ['group', 'interval'],
    permissions: ['analytics:conversationAggregate:view'],
    interval: true,
    query: { required: ['metrics'] },
    startedAt: 'interval',
    source: 'AnalyticsApi.postAnalyticsConversationsAggregatesQuery',
    note: 'A record is one group in one period: `group`, `interval`, `metrics` and `views`.',
  },
} as const satisfies ResourceTable;

/** The name of a resource of Genesys Cloud. */
export type GenesysResourceName = keyof typeof GENESYS_RESOURCES;
