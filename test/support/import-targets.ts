import {
  genesysContactList,
  genesysExternalContacts,
  type ImportTarget,
  requestTarget,
} from '../../src/batch/index.ts';
import { BULK, CONTACTS, LIST } from './imports.ts';

const batch = { url: '/bulk', maxRecords: 5, recordsAt: 'inputs', resultsAt: 'results' };

/** The import targets that the crash tests kill. `path` is what their requests have in common; undefined for the record API. */
export const IMPORT_TARGETS = {
  'contact list with ids': {
    target: () => genesysContactList({ listId: LIST, idField: 'id' }),
    path: CONTACTS,
    hasIds: true,
  },
  'contact list without ids': {
    target: () => genesysContactList({ listId: LIST }),
    path: CONTACTS,
    hasIds: false,
  },
  'external contacts with ids': {
    target: () => genesysExternalContacts({ keepsIds: true }),
    path: BULK,
    hasIds: true,
  },
  'external contacts without ids': { target: () => genesysExternalContacts(), path: BULK, hasIds: false },
  'batches with ids': {
    target: () => requestTarget({ ...batch, resultId: 'id', idField: 'id', idempotent: true }),
    path: undefined,
    hasIds: true,
  },
  'one PUT per record': {
    target: () => requestTarget({ method: 'put', url: '/customers/{id}' }),
    path: undefined,
    hasIds: true,
  },
} satisfies Record<string, { target: () => ImportTarget; path: string | undefined; hasIds: boolean }>;

export type TargetName = keyof typeof IMPORT_TARGETS;
