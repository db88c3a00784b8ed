import { genesysError } from './errors.ts';
import { isObject, json, parseJson, parseObject, type Reply, type Route } from './http.ts';
import { STREAMS } from './random.ts';
import type { BulkResponse, BulkResult, ListContact } from './wire-types.ts';
import type { World } from './world.ts';

/** One contact that the simulator has received. */
export interface ImportedContact {
  id: string;
  /** How often the contact arrived. More than 1 means that an import repeated it. */
  times: number;
  /** The data that arrived last. */
  data: Readonly<Record<string, unknown>>;
}

/** The imported contacts of one simulator. */
export interface Contacts {
  routes: Route[];
  list(listId: string): ReadonlyMap<string, ImportedContact>;
  external(): ReadonlyMap<string, ImportedContact>;
  reset(): void;
}

const LIST = /^\/api\/v2\/outbound\/contactlists\/([^/]+)\/contacts$/;
const BULK_ADD = '/api/v2/externalcontacts/bulk/contacts/add';

/** Creates the endpoints that import contacts. */
export function createContacts(world: World): Contacts {
  const { settings, counter, hash } = world;
  let lists = new Map<string, Map<string, ImportedContact>>();
  let external = new Map<string, ImportedContact>();
  let createdIds = 0;
  let entityCount = 0;

  const newId = () => hash.uuid(STREAMS.importedContact, ++createdIds);

  const remember = (into: Map<string, ImportedContact>, id: string, data: Record<string, unknown>) => {
    const known = into.get(id);
    if (known) Object.assign(known, { times: known.times + 1, data });
    else into.set(id, { id, times: 1, data });
  };

  const addToList = (body: string, contactListId: string): Reply => {
    const contacts = parseJson(body);
    if (!Array.isArray(contacts))
      return genesysError(400, 'bad.request', 'The body must be an array of contacts.');
    if (contacts.length > settings.maxContacts) {
      return genesysError(400, 'bad.request', `At most ${settings.maxContacts} contacts in one call.`);
    }
    // All or nothing: a refused call must change nothing, otherwise repeating the call would create duplicates.
    const wrong = contacts.findIndex((contact) => !isObject(contact) || !isObject(contact.data));
    if (wrong >= 0) return genesysError(400, 'bad.request', `Contact ${wrong} has no data.`);
    const list = lists.get(contactListId) ?? new Map<string, ImportedContact>();
    lists.set(contactListId, list);
    const added = contacts.map((contact): ListContact => {
      // A contact without ID is new each time, so that repeating the call is unsafe.
      const id = typeof contact.id === 'string' && contact.id !== '' ? contact.id : newId();
      remember(list, id, contact.data);
      return { id, contactListId, data: contact.data, callable: true };
    });
    counter.counts.contactsReceived += contacts.length;
    return json(200, added);
  };

  const addExternal = (entity: unknown): BulkResult => {
    const n = ++entityCount;
    const contact = isObject(entity) ? entity : {};
    const id = typeof contact.id === 'string' && contact.id !== '' ? contact.id : newId();
    if (typeof contact.firstName !== 'string' && typeof contact.lastName !== 'string') {
      const message = 'A contact needs a first or a last name.';
      return {
        id,
        success: false,
        status: 400,
        error: { code: 'bad.request', message, status: 400, retryable: false },
      };
    }
    if (hash.fraction(STREAMS.bulkFailure, n) < settings.bulkFailures) {
      const message = 'The entity could not be stored.';
      const error = { code: 'service.unavailable', message, status: 503, retryable: true };
      return { id, success: false, status: 503, error };
    }
    remember(external, id, contact);
    counter.counts.contactsReceived++;
    return { id, success: true, status: 201 };
  };

  const bulk = (body: string): Reply => {
    const entities = parseObject(body)?.entities;
    if (!Array.isArray(entities)) return genesysError(400, 'bad.request', 'entities must be an array.');
    if (entities.length > settings.maxContacts) {
      return genesysError(400, 'bad.request', `At most ${settings.maxContacts} entities in one call.`);
    }
    const results = entities.map(addExternal);
    const errorIndexes = results.flatMap((result, index) => (result.success ? [] : [index]));
    return json(200, { results, errorCount: errorIndexes.length, errorIndexes } satisfies BulkResponse);
  };

  return {
    list: (listId) => lists.get(listId) ?? new Map(),
    external: () => external,
    reset() {
      lists = new Map();
      external = new Map();
      entityCount = 0;
    },
    routes: [
      {
        method: 'POST',
        path: LIST,
        handle: ({ body }, [id = '']) => addToList(body, id),
      },
      { method: 'POST', path: BULK_ADD, handle: ({ body }) => bulk(body) },
    ],
  };
}
