import { type OptionTable, readOptions, refuse } from '../../../core/internal.ts';
import { isJsonObject } from '../../json/json-object.ts';
import { errorEntry } from '../error-entry.ts';
import { idText, matchResults } from '../match-results.ts';
import { type CheckRecords, type ImportTarget, unexpectedResults } from '../target.ts';

/** Options of {@link genesysContactList}. */
export interface GenesysContactListOptions {
  /** Id of the contact list. */
  listId: string;
  /**
   * The member of flat records that holds the contact's id. If a response is lost, a request is repeated only if its contacts have
   * ids.
   */
  idField?: string | undefined;
  /** Whether these contacts are dialled first. @default the API's default */
  priority?: boolean | undefined;
  /** Finds out whether contacts without an id were added. */
  check?: CheckRecords | undefined;
}

type Contact = { id?: unknown; data?: unknown };

const OPTIONS: OptionTable<GenesysContactListOptions> = {
  listId: 'any',
  idField: 'string',
  priority: 'boolean',
  check: 'function',
};

/**
 * Adds contacts to an outbound contact list of Genesys Cloud: `POST /api/v2/outbound/contactlists/{id}/contacts`, with at most
 * 1000 contacts per request. The API accepts all contacts of a request or none.
 *
 * A record is either a contact in the shape of the API (with an object `data`, and members such as `id` and `callable`), or flat: a
 * flat record becomes the `data` of a contact.
 *
 * @throws ConfigurationError
 */
export function genesysContactList(options: GenesysContactListOptions): ImportTarget {
  const [own, problems] = readOptions(options, OPTIONS);
  const { listId, idField, priority, check } = own;
  refuse('genesysContactList', [
    !(typeof listId === 'string' && listId) && 'listId must be the id of a contact list',
    ...problems,
  ]);

  const idOf = (record: unknown): string | undefined => {
    if (hasData(record)) return idText(record.id);
    return idField === undefined ? undefined : idText((record as Record<string, unknown> | null)?.[idField]);
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
    idField,
    problem: (record) => (isJsonObject(record) ? undefined : 'the record is not a JSON object'),
    idOf,
    request: (records) => ({
      method: 'POST',
      url: `/api/v2/outbound/contactlists/${encodeURIComponent(listId)}/contacts`,
      ...(priority !== undefined && { params: { priority } }),
      data: records.map(toContact),
    }),
    results({ data }, records) {
      if (!Array.isArray(data)) throw unexpectedResults('is not a list of contacts');
      const matched = matchResults({
        entries: data,
        records,
        idOf,
        idIn: ({ id }) => idText(id),
        read: (contact) => errorEntry(contact) ?? { outcome: 'accepted' },
      });
      const isUnreadable = matched.every(({ outcome }) => outcome === 'unknown');
      if (isUnreadable && data.length !== records.length)
        throw unexpectedResults(`lists ${data.length} contacts, but ${records.length} were sent`);
      return matched;
    },
    check,
  };
}

function hasData(record: unknown): record is Contact {
  return isJsonObject(record) && isJsonObject(record.data);
}
