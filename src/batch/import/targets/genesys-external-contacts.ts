import { type OptionTable, readOptions, refuse } from '../../../core/internal.ts';
import { isJsonObject } from '../../json/json-object.ts';
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
      const id = keepsIds && (record as { id?: unknown } | null)?.id;
      return typeof id === 'string' && id !== '' ? id : undefined;
    },
    request: (records) => ({
      method: 'POST',
      url: '/api/v2/externalcontacts/bulk/contacts/add',
      data: { entities: records },
    }),
    results: ({ data }, records) => resultsOf(data, records.length),
    check,
  };
}

interface BulkResult {
  success?: unknown;
  status?: unknown;
  error?: { message?: unknown; code?: unknown; retryable?: unknown } | null;
}

function resultsOf(data: unknown, count: number): RecordResult[] {
  const { results, errorCount, errorIndexes } = Object(data) as Record<string, unknown>;
  if (!Array.isArray(results)) throw unexpectedResults('has no results');
  if (results.length !== count)
    throw unexpectedResults(`has ${results.length} results for ${count} contacts`);
  const failed = results.flatMap((result: BulkResult | null, index) =>
    result?.success === true ? [] : [index],
  );
  // The response states its errors three times; if the three differ, none can be trusted.
  if (typeof errorCount === 'number' && errorCount !== failed.length) {
    throw unexpectedResults(`counts ${errorCount} errors, but its results show ${failed.length}`);
  }
  if (Array.isArray(errorIndexes) && String([...errorIndexes].sort((a, b) => a - b)) !== String(failed)) {
    throw unexpectedResults('has errorIndexes that contradict its results');
  }
  return results.map(toResult);
}

function toResult(result: BulkResult | null): RecordResult {
  if (result?.success === true) return { outcome: 'accepted' };
  const { message, code, retryable } = result?.error ?? {};
  const text = [message, code].find((one) => typeof one === 'string' && one !== '') as string | undefined;
  const reason = text?.slice(0, 300) ?? 'the API gave no reason';
  const status = typeof result?.status === 'number' ? result.status : undefined;
  if (retryable === true || status === 429 || status === 503) return { outcome: 'again', reason, status };
  if (status === undefined || status === 408 || status >= 500) return { outcome: 'unknown', reason };
  return { outcome: 'refused', reason, status };
}
