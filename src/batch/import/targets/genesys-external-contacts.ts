import { type OptionTable, readOptions, refuse } from '../../../core/internal.ts';
import { isJsonObject, type JsonObject } from '../../json/json-object.ts';
import { NO_REASON, reasonIn } from '../error-entry.ts';
import { failed, idText, matchResults, unknown } from '../match-results.ts';
import { type CheckRecords, type ImportTarget, type RecordResult, unexpectedResults } from '../target.ts';

/** Options of {@link genesysExternalContacts}. */
export interface GenesysExternalContactsOptions {
  /**
   * Whether the API recognizes a contact by the `id` it was sent with, so that sending it twice is harmless. Genesys does not
   * document this: set `true` only if you have verified it.
   * @default false
   */
  keepsIds?: boolean | undefined;
  /** Maximum number of contacts per request. @default 100 */
  maxRecords?: number | undefined;
  /** Finds out whether contacts whose response was lost were added. */
  check?: CheckRecords | undefined;
}

const OPTIONS: OptionTable<GenesysExternalContactsOptions> = {
  keepsIds: 'boolean',
  maxRecords: 'number',
  check: 'function',
};

/**
 * Adds external contacts to Genesys Cloud: `POST /api/v2/externalcontacts/bulk/contacts/add`. The API returns 200 even if it refuses
 * some or all contacts, with a result for each contact.
 *
 * @throws ConfigurationError
 */
export function genesysExternalContacts(options: GenesysExternalContactsOptions = {}): ImportTarget {
  const [own, problems] = readOptions(options, OPTIONS);
  const { keepsIds = false, maxRecords = 100, check } = own;
  refuse('genesysExternalContacts', [...problems, maxRecords < 1 && 'maxRecords must be at least 1']);
  return {
    name: 'genesys-external-contacts',
    query: {},
    maxRecords,
    ...(keepsIds && { idField: 'id' }),
    problem: (record) => (isJsonObject(record) ? undefined : 'the record is not a JSON object'),
    idOf(record) {
      return keepsIds ? sentId(record) : undefined;
    },
    request: (records) => ({
      method: 'POST',
      url: '/api/v2/externalcontacts/bulk/contacts/add',
      data: { entities: records },
    }),
    results: ({ data }, records) => resultsOf(data, records, keepsIds),
    check,
  };
}

const sentId = (record: unknown) => idText((record as { id?: unknown } | null)?.id);

function resultsOf(data: unknown, records: readonly unknown[], keepsIds: boolean): RecordResult[] {
  const { results, errorCount, errorIndexes } = Object(data) as Record<string, unknown>;
  if (!Array.isArray(results)) throw unexpectedResults('has no results');
  const failures = results.flatMap((result, index) => (result?.success === true ? [] : [index]));
  // The response states its errors three times; if the three differ, none can be trusted.
  if (typeof errorCount === 'number' && errorCount !== failures.length) {
    throw unexpectedResults(`counts ${errorCount} errors, but its results show ${failures.length}`);
  }
  if (Array.isArray(errorIndexes) && String([...errorIndexes].sort((a, b) => a - b)) !== String(failures)) {
    throw unexpectedResults('has errorIndexes that contradict its results');
  }
  const matched = matchResults({
    entries: results,
    records,
    idOf: sentId,
    idIn: ({ id }) => idText(id),
    read: toResult,
    assignsIds: !keepsIds,
  });
  const isUnreadable = matched.every(({ outcome }) => outcome === 'unknown');
  if (isUnreadable && results.length !== records.length)
    throw unexpectedResults(`has ${results.length} results for ${records.length} contacts`);
  return matched;
}

function toResult({ success, status, error }: JsonObject): RecordResult {
  const { retryable, status: inner } = Object(error) as JsonObject;
  const isFailure = error !== undefined && error !== null;
  if (success === true) {
    return isFailure || (typeof status === 'number' && status >= 400)
      ? unknown('the result of the record is a success with an error')
      : { outcome: 'accepted' };
  }
  const reason = reasonIn(error) ?? NO_REASON;
  const stated = [status, inner].find((one) => typeof one === 'number');
  if (stated === undefined && retryable !== true) return unknown(reason);
  return failed(reason, stated as number | undefined, retryable === true);
}
