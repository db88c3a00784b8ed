import type { AxiosInstance } from 'axios';
import type { Clock } from '../../core/index.ts';
import { messageOf, throwIfAborted, waitForRetry } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { Requests } from '../requests.ts';
import { toBatchError } from '../to-batch-error.ts';
import type { Batch, NumberedRecord } from './batches.ts';
import type { Ledger } from './ledger.ts';
import type { Outcome } from './outcome.ts';
import { sendOnce } from './send.ts';
import { type ImportTarget, unexpectedResults } from './target.ts';

/** Dependencies and options of a batch processor. Durations are in milliseconds. */
export interface BatchContext {
  api: AxiosInstance;
  target: ImportTarget;
  requests: Requests;
  ledger: Ledger;
  /** Splits records that the API refused as a whole, to find the bad ones. */
  splitRefused(records: readonly NumberedRecord[]): Iterable<readonly NumberedRecord[]>;
  stop: AbortSignal;
  /** How often records may be sent again. */
  retries: number;
  /** Delay before records are first sent again; doubles each time. */
  baseDelay: number;
  clock: Clock;
  random: () => number;
}

// A single lost response is an accident. If every response is lost, continuing would make all records unresolved.
const LOST_IN_A_ROW = 3;

const RUN_ENDED = 'the run ended before the API responded';

/** Returns whether the run gave up because of an outage. */
function hasGivenUp(error: unknown): boolean {
  return error instanceof BatchError && (error.code === 'ERR_REQUEST' || error.code === 'ERR_THROTTLED');
}

type Records = readonly NumberedRecord[];

/**
 * Returns a function that processes a batch: sends its records until the outcome of every record is known.
 *
 * A record leaves `waiting` only after an entry is written to the ledger. A record that may have been executed is not sent again,
 * unless it has an id or the target's check reports it as absent.
 */
export function createBatchProcessor(context: BatchContext): (batch: Batch) => Promise<void> {
  const { api, target, requests, ledger, splitRefused, stop, retries, baseDelay, clock, random } = context;
  let lostInARow = 0;

  const valuesOf = (records: Records) => records.map(({ value }) => value);
  const hasId = ({ value }: NumberedRecord) => target.idOf?.(value) !== undefined;

  /** @param attempt how often these records were sent before. */
  async function send(records: Records, attempt: number): Promise<void> {
    if (records.length === 0) return;
    throwIfAborted(stop);
    if (attempt > 0) await waitForRetry({ clock, random, signal: stop }, baseDelay, attempt - 1);
    const config = target.request(valuesOf(records));
    const repeatable = records.every(hasId);
    if (!repeatable) await ledger.sent(records);
    const sent = await sendOnce(config, { api, requests, repeatable, refusals: target.refusals, stop });
    if (sent.type === 'answered') return readAnswer(records, attempt, sent.response);
    if (sent.type === 'unknown') return resolve(records, attempt, sent.error);
    if (!repeatable) await ledger.withdrawn(records);
    if (sent.type === 'not-executed') throw sent.error;
    lostInARow = 0;
    const { reason, status } = sent;
    const [record] = records;
    if (record && records.length === 1)
      return ledger.writeOutcomes([{ record, outcome: 'rejected', reason, status }]);
    for (const part of splitRefused(records)) await send(part, 0);
  }

  async function readAnswer(
    records: Records,
    attempt: number,
    response: Parameters<ImportTarget['results']>[0],
  ) {
    let results: ReturnType<ImportTarget['results']>;
    try {
      results = target.results(response, valuesOf(records));
      if (results.length !== records.length)
        throw unexpectedResults(`was read as ${results.length} results for ${records.length} records`);
    } catch (error) {
      return resolve(records, attempt, error);
    }
    lostInARow = 0;
    const outcomes: Outcome[] = [];
    const again: NumberedRecord[] = [];
    const unknown: NumberedRecord[] = [];
    let unknownReason = '';
    for (const [index, record] of records.entries()) {
      const result = results[index];
      if (result?.outcome === 'accepted') outcomes.push({ record, outcome: 'accepted' });
      else if (result?.outcome === 'again' && attempt < retries) again.push(record);
      else if (result?.outcome === 'unknown') {
        unknown.push(record);
        unknownReason = result.reason;
      } else outcomes.push({ record, outcome: 'rejected', reason: result?.reason, status: result?.status });
    }
    if (outcomes.length > 0) await ledger.writeOutcomes(outcomes);
    if (again.length > 0) {
      if (!again.every(hasId)) await ledger.withdrawn(again);
      await send(again, attempt + 1);
    }
    if (unknown.length > 0) await resolve(unknown, attempt, new Error(unknownReason));
  }

  /** Finds the outcome of records that the API may or may not have accepted. */
  async function resolve(records: Records, attempt: number, error: unknown): Promise<void> {
    const withId = records.filter(hasId);
    const without = records.filter((record) => !hasId(record));
    if (without.length > 0) await lookUp(without, attempt, error);
    if (withId.length > 0 && attempt >= retries) throw error;
    await send(withId, attempt + 1);
  }

  async function lookUp(records: Records, attempt: number, error: unknown): Promise<void> {
    const verdicts = target.check ? await check(records) : undefined;
    const by = (verdict: string) => records.filter((_, index) => verdicts?.[index] === verdict);
    const present = by('present');
    const absent = attempt < retries ? by('absent') : [];
    const reason = error === RUN_ENDED ? RUN_ENDED : toBatchError(error).message;
    const unresolved = records.filter((record) => !present.includes(record) && !absent.includes(record));
    const outcomes: Outcome[] = [
      ...present.map((record) => ({ record, outcome: 'accepted' as const })),
      ...unresolved.map((record) => ({ record, outcome: 'unresolved' as const, reason })),
    ];
    if (outcomes.length > 0) await ledger.writeOutcomes(outcomes);
    if (absent.length > 0) {
      await ledger.withdrawn(absent);
      return send(absent, attempt + 1);
    }
    if (unresolved.length === 0 || error === RUN_ENDED) return;
    if (hasGivenUp(error) || ++lostInARow >= LOST_IN_A_ROW) throw error;
  }

  async function check(records: Records): Promise<readonly string[]> {
    throwIfAborted(stop);
    try {
      const verdicts = await target.check?.(valuesOf(records), (config) => requests.send(config));
      if (verdicts?.length === records.length) return verdicts;
    } catch (error) {
      if (stop.aborted) throw stop.reason;
      throw new BatchError(`check failed: ${messageOf(error)}`, 'ERR_CALLBACK', { cause: error });
    }
    throw new BatchError('check must return one verdict for each record', 'ERR_CALLBACK');
  }

  return async ({ records, states }) => {
    const isIn = (state: string) => (_: unknown, index: number) => (states?.[index] ?? 'waiting') === state;
    const waiting = records.filter(isIn('waiting'));
    const problems = waiting.flatMap((record): Outcome[] => {
      const reason = record.bad?.reason ?? target.problem?.(record.value);
      return reason === undefined ? [] : [{ record, outcome: 'rejected', reason }];
    });
    if (problems.length > 0) await ledger.writeOutcomes(problems);
    const open = records.filter(isIn('sent'));
    if (open.length > 0) await resolve(open, 0, RUN_ENDED);
    const refused = new Set(problems.map(({ record }) => record));
    await send(
      waiting.filter((record) => !refused.has(record)),
      0,
    );
  };
}
