import type { AxiosResponse } from 'axios';
import { isWhole } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { listOf, objectOf, unexpected } from './answer.ts';
import { nextLink } from './next-link.ts';
import { numberOf } from './record-count.ts';

/** Query parameters that the source sets. */
export const OWN_PARAMS = ['startDate', 'endDate', 'skip', 'top', 'orderBy'];

/** A contact as the API returns it, with all other members. */
export interface CxoneContact {
  readonly contactId: number | string;
  /** ISO 8601. */
  readonly contactStart?: string;
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

/** The paging parameters of a request. */
interface Paging {
  skip: number;
  top: number;
}

/**
 * Parses a response other than 204.
 *
 * @throws BatchError `ERR_UNEXPECTED_ANSWER`, also for a link to another origin or to a page that is not the next one;
 * `ERR_PAGE_LOOP` for a link to this page or an earlier one.
 */
export function readContacts(response: AxiosResponse, { skip, top }: Paging, label: string): ContactsAnswer {
  const body = objectOf(response, label);
  const contacts = listOf(body, 'completedContacts', label);
  for (const contact of contacts) checkId(contact, label);
  const link = nextLink(Object(body._links).next, response, { label, own: OWN_PARAMS });
  if (link !== undefined) checkLink(link, { skip, top }, contacts.length, label);
  const total = numberOf(body.totalRecords);
  return {
    contacts: contacts as CxoneContact[],
    total: isWhole(total) ? total : undefined,
    hasNext: link !== undefined,
  };
}

/** Checks a link. Pages are requested in parallel by number instead of by link, so both must name the same page. */
function checkLink(link: string, { skip, top }: Paging, count: number, label: string): void {
  const linked = new URL(link).searchParams.get('skip');
  if (linked === String(skip + (count || top))) return;
  const what = `returned ${count} records for skip=${skip}, but links to ${linked ? `skip=${linked}` : 'a page without skip'}`;
  if (!linked || !(Number(linked) <= skip)) throw unexpected(label, what);
  throw new BatchError(
    `${label} ${what}, which was already read. The export stops, because it would never end. Report the link to the ` +
      'operator of the API.',
    'ERR_PAGE_LOOP',
  );
}

function checkId(record: unknown, label: string): void {
  const id: unknown = Object(record).contactId;
  if (Number.isSafeInteger(id) || (typeof id === 'string' && id !== '')) return;
  throw unexpected(
    label,
    typeof id === 'number'
      ? `returned the contactId ${id}, which is not an integer that JavaScript can represent`
      : 'returned a record without a contactId',
  );
}
