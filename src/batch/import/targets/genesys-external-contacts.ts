import { numberProblems, refuse } from '../../../core/internal.ts';
import { type CheckRecords, type ImportTarget, type RecordResult, unexpectedResults } from '../target.ts';

/** Options of {@link genesysExternalContacts}. */
export interface GenesysExternalContactsOptions {
  /**
   * The API knows a contact by the `id` it was sent with, so that sending it twice does no harm. Genesys does not promise
   * that; say so if you have seen it hold.
   * @default false
   */
  keepsIds?: boolean | undefined;
  /** Contacts in one request. @default 100 */
  maxRecords?: number | undefined;
  /** Finds out whether contacts arrived whose answer was lost. */
  check?: CheckRecords | undefined;
}

/**
 * Adds external contacts of Genesys Cloud: `POST /api/v2/externalcontacts/bulk/contacts/add`. It answers 200 also when some
 * or all contacts were refused, and says so for each.
 *
 * @throws ConfigurationError
 */
export function genesysExternalContacts(options: GenesysExternalContactsOptions = {}): ImportTarget {
  const { keepsIds = false, maxRecords = 100, check } = options;
  refuse('genesysExternalContacts', [
    ...numberProblems(options, ['maxRecords']),
    maxRecords < 1 && 'maxRecords must be at least 1',
  ]);
  return {
    name: 'genesys-external-contacts',
    query: {},
    maxRecords,
    problem: (record) =>
      typeof record === 'object' && record !== null && !Array.isArray(record)
        ? undefined
        : 'it is no JSON object',
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
  // The API says it three times; where the three differ, none can be trusted.
  if (typeof errorCount === 'number' && errorCount !== failed.length) {
    throw unexpectedResults(`counts ${errorCount} errors but lists ${failed.length}`);
  }
  if (Array.isArray(errorIndexes) && String([...errorIndexes].sort((a, b) => a - b)) !== String(failed)) {
    throw unexpectedResults('names other errors than it lists');
  }
  return results.map(toResult);
}

function toResult(result: BulkResult | null): RecordResult {
  if (result?.success === true) return { outcome: 'accepted' };
  const { message, code, retryable } = result?.error ?? {};
  const said = [message, code].find((text) => typeof text === 'string' && text !== '') as string | undefined;
  const reason = said?.slice(0, 300) ?? 'the API gave no reason';
  const status = typeof result?.status === 'number' ? result.status : undefined;
  if (retryable === true || status === 429 || status === 503) return { outcome: 'again', reason, status };
  if (status === undefined || status === 408 || status >= 500) return { outcome: 'unknown', reason };
  return { outcome: 'refused', reason, status };
}
