import type { AxiosResponse } from 'axios';
import { listOf, objectOf, unexpected } from './answer.ts';
import { nextLink } from './next-link.ts';
import { numberOf } from './record-count.ts';

/** Query parameters that the source sets. */
export const OWN_PARAMS = ['startDate', 'endDate', 'skip', 'top', 'orderBy'];

/** A contact as the API returns it, with all other members. */
export interface CxoneContact {
  readonly contactId: number | string;
  readonly [name: string]: unknown;
}

/** A page of completed contacts. */
export interface ContactsAnswer {
  contacts: readonly CxoneContact[];
  /** `totalRecords`. */
  total: number | undefined;
  /** Whether the response links to a next page. */
  hasNext: boolean;
}

/**
 * Parses a response other than 204.
 *
 * @param skip the parameter `skip` of the request.
 * @throws BatchError `ERR_UNEXPECTED_ANSWER`, also for a link to another origin or to a page that is not the next one.
 */
export function readContacts(response: AxiosResponse, skip: number, label: string): ContactsAnswer {
  const body = objectOf(response, label);
  const contacts = listOf(body, 'completedContacts', label);
  if (!contacts.every(isContact)) throw unexpected(label, 'returned a record without a contactId');
  const link = nextLink(Object(body._links).next, response, { label, own: OWN_PARAMS });
  // Pages are requested in parallel by number instead of by link, so both must name the same page.
  const linked = link && new URL(link).searchParams.get('skip');
  if (link !== undefined && linked !== String(skip + contacts.length)) {
    const shown = linked ? `skip=${linked}` : 'a page without skip';
    throw unexpected(label, `returned ${contacts.length} records for skip=${skip}, but links to ${shown}`);
  }
  return { contacts, total: numberOf(body.totalRecords), hasNext: link !== undefined };
}

function isContact(record: unknown): record is CxoneContact {
  const id = Object(record).contactId;
  return typeof id === 'number' || (typeof id === 'string' && id !== '');
}
