import { type OptionTable, readOptions, refuse } from '../../../core/internal.ts';
import { isJsonObject, type JsonObject } from '../../json/json-object.ts';
import { failureOf, isPresent, reasonIn } from '../entry-result.ts';
import { matchResults } from '../match-results.ts';
import {
  type CheckRecords,
  type ImportTarget,
  type RecordResult,
  unexpectedResults,
  unknownResult,
} from '../target.ts';
import { idText } from './url-template.ts';

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
  const idOf = (record: unknown) => (keepsIds ? idText((record as JsonObject | null)?.id) : undefined);
  return {
    name: 'genesys-external-contacts',
    query: {},
    maxRecords,
    ...(keepsIds && { idField: 'id' }),
    problem: (record) => (isJsonObject(record) ? undefined : 'the record is not a JSON object'),
    idOf,
    request: (records) => ({
      method: 'POST',
      url: '/api/v2/externalcontacts/bulk/contacts/add',
      data: { entities: records },
    }),
    results: ({ data }, records) => resultsOf(data, records.map(idOf)),
    check,
  };
}

/** @param ids of the contacts that the request sent. */
function resultsOf(data: unknown, ids: readonly (string | undefined)[]): RecordResult[] {
  const { results, errorCount, errorIndexes } = Object(data) as Record<string, unknown>;
  if (!Array.isArray(results)) throw unexpectedResults('has no results');
  const failed = results.flatMap((result, index) => (Object(result).success === true ? [] : [index]));
  // The response states its errors three times; if the three differ, none can be trusted.
  if (typeof errorCount === 'number' && errorCount !== failed.length) {
    throw unexpectedResults(`counts ${errorCount} errors, but its results show ${failed.length}`);
  }
  if (Array.isArray(errorIndexes) && String([...errorIndexes].sort((a, b) => a - b)) !== String(failed)) {
    throw unexpectedResults('has errorIndexes that contradict its results');
  }
  return matchResults(results, ids, { idOf: ({ id }) => idText(id), read: toResult });
}

function toResult({ success, status, error }: JsonObject): RecordResult {
  const code = typeof status === 'number' ? status : undefined;
  const isFailed = isPresent(error) || (code !== undefined && code >= 400);
  if (success === true) {
    return isFailed
      ? unknownResult('the result of the record says success and has an error')
      : { outcome: 'accepted' };
  }
  // Without a status, the API may have stored the contact.
  return code === undefined && Object(error).retryable !== true
    ? unknownResult(reasonIn(error))
    : failureOf(error, code);
}
