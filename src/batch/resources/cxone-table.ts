import type { ResourceTable } from './resource.ts';

const LIST = { paging: 'skip and top', total: 'totalRecords', pageSize: 100 } as const;

/**
 * The resources of NICE CXone. Paths and members are those of the vendor's API descriptions (Admin API and Reporting API), read in the copies
 * that `docs/resources.md` names; `source` names the operation. The descriptions name no permissions and no page limits.
 */
export const CXONE_RESOURCES = {
  agents: {
    ...LIST,
    about: 'agents of the business unit',
    path: '/incontactapi/services/{version}/agents',
    list: 'agents',
    id: 'agentId',
    source: 'Admin API, GET /agents',
  },
  teams: {
    ...LIST,
    about: 'teams of the business unit',
    path: '/incontactapi/services/{version}/teams',
    list: 'teams',
    id: 'teamId',
    source: 'Admin API, GET /teams',
  },
  skills: {
    ...LIST,
    about: 'skills of the business unit',
    path: '/incontactapi/services/{version}/skills',
    list: 'skills',
    id: 'skillId',
    source: 'Admin API, GET /skills',
    note:
      'The description requires a media type: add `--param mediaTypeId=4` for phone. A newer copy of the description does not list the ' +
      'parameters `skip` and `top`.',
  },
  'contact-history': {
    ...LIST,
    about: 'states of all contacts in an interval',
    path: '/incontactapi/services/{version}/contacts/state-history',
    list: 'contactStateHistory',
    interval: true,
    source: 'Reporting API, GET /contacts/state-history',
    note: 'A record is a state of a contact. The description has no id, so repeated records are not recognised.',
  },
} as const satisfies ResourceTable;

/** The name of a resource of NICE CXone. */
export type CxoneResourceName = keyof typeof CXONE_RESOURCES;
