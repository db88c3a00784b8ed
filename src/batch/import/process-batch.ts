import type { AxiosInstance } from 'axios';
import { ConfigurationError } from '../../core/index.ts';
import { duration, messageOf, monotonicOf, throwIfAborted } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { Requests } from '../requests.ts';
import { toBatchError } from '../to-batch-error.ts';
import type { Batch, NumberedRecord } from './batches.ts';
import type { Ledger } from './ledger.ts';
import type { Outcome } from './outcome.ts';
import { sendOnce } from './send.ts';
import { afterLoss, createSendAgain, FIRST, type SendAgainOptions, type Tries } from './send-again.ts';
import type { ImportTarget, RecordResult } from './target.ts';

/** Dependencies and options of a batch processor. Durations are in milliseconds. */
export interface BatchContext extends Omit<SendAgainOptions, 'signal'> {
  api: AxiosInstance;
  target: ImportTarget;
  requests: Requests;
  ledger: Ledger;
  /** Splits records that the API refused as a whole, to find the bad ones. */
  splitRefused(records: readonly NumberedRecord[]): Iterable<readonly NumberedRecord[]>;
  stop: AbortSignal;
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
  const { api, target, requests, ledger, splitRefused, stop } = context;
  const { retries, clock } = context;
  const sendAgain = createSendAgain({ ...context, signal: stop });
  const now = monotonicOf(clock);
  let lostInARow = 0;
  /** When the API last accepted or refused a record for good. */
  let settledAt = Number.NEGATIVE_INFINITY;

  const valuesOf = (records: Records) => records.map(({ value }) => value);
  const hasId = ({ value }: NumberedRecord) => target.idOf?.(value) !== undefined;

  async function send(records: Records, tries: Tries): Promise<void> {
    if (records.length === 0) return;
    throwIfAborted(stop);
    await sendAgain.wait(tries);
    const config = target.request(valuesOf(records));
    const repeatable = records.every(hasId);
    if (!repeatable) await ledger.sent(records);
    const { refusals } = target;
    const sent = await sendOnce(config, { api, requests, repeatable, refusals, stop, clock });
    if (sent.type === 'answered') return readAnswer(records, tries, sent.response);
    if (sent.type === 'unknown') return resolve(records, tries, sent.error);
    if (!repeatable) await ledger.withdrawn(records);
    if (sent.type === 'not-executed') throw sent.error;
    lostInARow = 0;
    if (sent.type === 'postponed') {
      const next = sendAgain.postpone(tries, toBatchError(sent.error).message, sent.delay);
      if (!next) throw sent.error;
      return send(records, next);
    }
    const { reason, status } = sent;
    settledAt = now();
    const [record] = records;
    if (record && records.length === 1)
      return ledger.writeOutcomes([{ record, outcome: 'rejected', reason, status }]);
    for (const part of splitRefused(records)) await send(part, FIRST);
  }

  async function readAnswer(
    records: Records,
    tries: Tries,
    response: Parameters<ImportTarget['results']>[0],
  ) {
    let results: ReturnType<ImportTarget['results']>;
    try {
      results = target.results(response, valuesOf(records));
    } catch (error) {
      // The caller's target is wrong, not the response.
      if (error instanceof ConfigurationError) throw error;
      return resolve(records, tries, error);
    }
    lostInARow = 0;
    const outcomes: Outcome[] = [];
    const again: Outcome[] = [];
    const unknown: NumberedRecord[] = [];
    let unknownReason = '';
    for (const [index, record] of records.entries()) {
      const result = results[index] as RecordResult;
      if (result.outcome === 'accepted') outcomes.push({ record, outcome: 'accepted' });
      else if (result.outcome === 'again') again.push({ ...result, record, outcome: 'rejected' });
      else if (result.outcome === 'refused') outcomes.push({ ...result, record, outcome: 'rejected' });
      else {
        unknown.push(record);
        unknownReason = result.reason;
      }
    }
    if (outcomes.length > 0) {
      settledAt = now();
      await ledger.writeOutcomes(outcomes);
    }
    const waiting = again.map(({ record }) => record);
    if (!waiting.every(hasId)) await ledger.withdrawn(waiting);
    if (unknown.length > 0)
      await resolve(unknown, tries, new BatchError(unknownReason, 'ERR_UNEXPECTED_ANSWER'));
    const [first] = again;
    if (first) await sendLater(again, tries, first);
  }

  /** Sends records again that the API did not accept for a temporary reason, or rejects them if the API accepts or refuses others. */
  async function sendLater(again: readonly Outcome[], tries: Tries, { reason = '', status }: Outcome) {
    const next = sendAgain.postpone(tries, reason);
    if (next)
      return send(
        again.map(({ record }) => record),
        next,
      );
    if (settledAt >= (tries.since ?? settledAt)) {
      const times = `sent ${tries.postponed + 1} times, each time refused for a temporary reason`;
      return ledger.writeOutcomes(again.map((one) => ({ ...one, reason: `${one.reason} (${times})` })));
    }
    throw new BatchError(
      `the API accepts no record for a temporary reason: ${reason}. Gave up after ${duration(now() - (tries.since ?? now()))} ` +
        '(retries, --retries; maxOutage, --max-outage).',
      status === 429 ? 'ERR_THROTTLED' : 'ERR_REQUEST',
    );
  }

  /** Finds the outcome of records that the API may or may not have accepted. */
  async function resolve(records: Records, tries: Tries, error: unknown): Promise<void> {
    const withId = records.filter(hasId);
    const without = records.filter((record) => !hasId(record));
    if (without.length > 0) await lookUp(without, tries, error);
    if (withId.length > 0 && tries.lost >= retries) throw error;
    await send(withId, afterLoss(tries));
  }

  async function lookUp(records: Records, tries: Tries, error: unknown): Promise<void> {
    const verdicts = target.check ? await check(records) : undefined;
    const by = (verdict: string) => records.filter((_, index) => verdicts?.[index] === verdict);
    const present = by('present');
    const absent = tries.lost < retries ? by('absent') : [];
    const reason = error === RUN_ENDED ? RUN_ENDED : toBatchError(error).message;
    const unresolved = records.filter((record) => !present.includes(record) && !absent.includes(record));
    const outcomes: Outcome[] = [
      ...present.map((record) => ({ record, outcome: 'accepted' as const })),
      ...unresolved.map((record) => ({ record, outcome: 'unresolved' as const, reason })),
    ];
    if (outcomes.length > 0) await ledger.writeOutcomes(outcomes);
    if (absent.length > 0) {
      await ledger.withdrawn(absent);
      return send(absent, afterLoss(tries));
    }
    if (unresolved.length === 0 || error === RUN_ENDED) return;
    if (hasGivenUp(error) || ++lostInARow >= LOST_IN_A_ROW) throw error;
  }

  async function check(records: Records): Promise<readonly string[]> {
    throwIfAborted(stop);
    try {
      return (await target.check?.(valuesOf(records), (config) => requests.send(config))) ?? [];
    } catch (error) {
      if (stop.aborted) throw stop.reason;
      if (error instanceof ConfigurationError) throw error;
      throw new BatchError(`check failed: ${messageOf(error)}`, 'ERR_CALLBACK', { cause: error });
    }
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
    if (open.length > 0) await resolve(open, FIRST, RUN_ENDED);
    const refused = new Set(problems.map(({ record }) => record));
    await send(
      waiting.filter((record) => !refused.has(record)),
      FIRST,
    );
  };
}
