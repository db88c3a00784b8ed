import { refuse } from '../../../core/internal.ts';
import { type CheckRecords, type ImportTarget, unexpectedResults } from '../target.ts';

/** Options of {@link genesysContactList}. */
export interface GenesysContactListOptions {
  /** Id of the contact list. */
  listId: string;
  /**
   * The member of flat records that holds the contact's id. With ids a request may be repeated; without, one whose answer
   * was lost may not.
   */
  idField?: string | undefined;
  /** These contacts are dialled first. @default the API's */
  priority?: boolean | undefined;
  /** Finds out whether contacts without an id arrived. */
  check?: CheckRecords | undefined;
}

type Contact = { id?: unknown; data?: unknown };

/**
 * Adds contacts to an outbound contact list of Genesys Cloud: `POST /api/v2/outbound/contactlists/{id}/contacts`, at most
 * 1000 in a request, all or none of which are taken.
 *
 * A record is a contact as the API has it (with an object `data`, and `id`, `callable` and others as they are), or flat: then it
 * is the `data`.
 *
 * @throws ConfigurationError
 */
export function genesysContactList(options: GenesysContactListOptions): ImportTarget {
  const { listId, idField, priority, check } = options ?? {};
  refuse('genesysContactList', [
    !(typeof listId === 'string' && listId) && 'listId must be the id of a contact list',
  ]);

  const idOf = (record: unknown): string | undefined => {
    const flat = !hasData(record);
    const id = flat ? idField !== undefined && (record as Record<string, unknown>)?.[idField] : record.id;
    return (typeof id === 'string' && id !== '') || typeof id === 'number' ? String(id) : undefined;
  };
  const toContact = (record: unknown) => {
    const id = idOf(record);
    const contact = hasData(record) ? record : { data: record };
    return { ...contact, ...(id !== undefined && { id }), contactListId: listId };
  };

  return {
    name: 'genesys-contact-list',
    query: { listId, idField: idField ?? null },
    maxRecords: 1000,
    problem: (record) => (isObject(record) ? undefined : 'it is no JSON object'),
    idOf,
    request: (records) => ({
      method: 'POST',
      url: `/api/v2/outbound/contactlists/${encodeURIComponent(listId)}/contacts`,
      ...(priority !== undefined && { params: { priority } }),
      data: records.map(toContact),
    }),
    results({ data }, records) {
      if (!Array.isArray(data)) throw unexpectedResults('is no list of contacts');
      if (data.length !== records.length) {
        throw unexpectedResults(`lists ${data.length} contacts for ${records.length} that were sent`);
      }
      return records.map(() => ({ outcome: 'accepted' }));
    },
    check,
  };
}

function hasData(record: unknown): record is Contact {
  return isObject(record) && isObject(record.data);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
