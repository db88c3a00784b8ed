import type { AxiosResponse } from 'axios';
import { listOf, objectOf, unexpected } from './answer.ts';
import { nextLink } from './next-link.ts';
import { numberOf } from './record-count.ts';

/** Members of the query that the source says by itself. */
export const OWN_PARAMS = ['startDate', 'endDate', 'skip', 'top', 'orderBy'];
/** A contact as the API gives it, with all its other members. */
export interface CxoneContact {
  readonly contactId: number | string;
  readonly [name: string]: unknown;
}

/** A page of completed contacts. */
export interface ContactsAnswer {
  contacts: readonly CxoneContact[];
  /** `totalRecords`. */
  total: number | undefined;
  /** Whether the API names a page behind this one. */
  leadsOn: boolean;
}

/**
 * Reads an answer that is not 204.
 *
 * @param skip what it was asked for with.
 * @throws BatchError `ERR_UNEXPECTED_ANSWER`, also for a link to another origin, or to another page than the next one.
 */
export function readContacts(response: AxiosResponse, skip: number, asked: string): ContactsAnswer {
  const body = objectOf(response, asked);
  const contacts = listOf(body, 'completedContacts', asked);
  if (!contacts.every(isContact)) throw unexpected(asked, 'gave a record without a contactId');
  const link = nextLink(Object(body._links).next, response, { asked, own: OWN_PARAMS });
  // Asked for by number and not by the link, so that pages come several at a time: both must lead to the same.
  const leadsTo = link && new URL(link).searchParams.get('skip');
  if (link !== undefined && leadsTo !== String(skip + contacts.length)) {
    const shown = leadsTo ? `skip=${leadsTo}` : 'a page without skip';
    throw unexpected(asked, `gave ${contacts.length} records from skip=${skip} on, and leads on to ${shown}`);
  }
  return { contacts, total: numberOf(body.totalRecords), leadsOn: link !== undefined };
}

function isContact(record: unknown): record is CxoneContact {
  const id = Object(record).contactId;
  return typeof id === 'number' || (typeof id === 'string' && id !== '');
}
