import type { AxiosInstance } from 'axios';
import { ConfigurationError } from '../../core/index.ts';
import { throwIfAborted } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { Requests } from '../requests.ts';
import { toBatchError } from '../to-batch-error.ts';
import type { Batch, NumberedRecord } from './batches.ts';
import type { Ledger } from './ledger.ts';
import type { Outcome } from './outcome.ts';
import { withoutRepeatedIds } from './repeated-ids.ts';
import { createRounds, FIRST_ROUND, type Round, type RoundsOptions, temporarilyRefused } from './rounds.ts';
import { sendOnce } from './send.ts';
import { type ImportTarget, type RecordResult, unexpectedResults } from './target.ts';

/** Dependencies and options of a batch processor. */
export interface BatchContext extends RoundsOptions {
  api: AxiosInstance;
  target: ImportTarget;
  requests: Requests;
  ledger: Ledger;
  /** Splits records that the API refused as a whole, to find the bad ones. */
  splitRefused(records: readonly NumberedRecord[]): Iterable<readonly NumberedRecord[]>;
}

// A single lost response is an accident. If every response is lost, continuing would make all records unresolved.
const LOST_IN_A_ROW = 3;

const RUN_ENDED = 'the run ended before the API responded';

/** Returns whether the run gave up because of an outage. */
function hasGivenUp(error: unknown): boolean {
  return error instanceof BatchError && (error.code === 'ERR_REQUEST' || error.code === 'ERR_THROTTLED');
}

type Records = readonly NumberedRecord[];

/** A record that the API refused for a temporary reason. */
type Refused = Pick<Outcome, 'record' | 'status'> & { readonly reason: string };

/**
 * Returns a function that processes a batch: sends its records until the outcome of every record is known.
 *
 * A record leaves `waiting` only after an entry is written to the ledger. A record that may have been executed is not sent again,
 * unless it has an id or the target's check reports it as absent.
 */
export function createBatchProcessor(context: BatchContext): (batch: Batch) => Promise<void> {
  const { api, target, requests, ledger, splitRefused, stop, retries, maxOutage, clock } = context;
  const rounds = createRounds(context);
  let lostInARow = 0;

  const valuesOf = (records: Records) => records.map(({ value }) => value);
  const hasId = ({ id }: NumberedRecord) => id !== undefined;

  async function send(records: Records, round: Round): Promise<void> {
    if (records.length === 0) return;
    throwIfAborted(stop);
    await rounds.wait(round);
    const config = target.request(valuesOf(records));
    const repeatable = records.every(hasId);
    if (!repeatable) await ledger.sent(records);
    const sent = await sendOnce(config, {
      ...{ api, requests, repeatable, clock, stop },
      refusals: target.refusals,
    });
    if (sent.type === 'answered') return readAnswer(records, round, sent.response);
    if (sent.type === 'unknown') return resolve(records, { ...round, isLost: true }, sent.error);
    if (!repeatable) await ledger.withdrawn(records);
    if (sent.type === 'not-executed') throw sent.error;
    lostInARow = 0;
    const { reason, status, retryAfter: asked } = sent;
    const isLost = round.isLost || sent.isAfterLoss;
    if (asked !== undefined) {
      return sendAgain(
        records.map((record) => ({ record, reason, status })),
        { ...round, isLost, asked },
      );
    }
    const [record] = records;
    if (!record || records.length > 1) {
      for (const part of splitRefused(records)) await send(part, { ...FIRST_ROUND, isLost });
    } else if (status === 409 && isLost) {
      // The API may still execute the lost request, or has executed it.
      await resolve(records, { ...round, isPartial: true }, unreadable([reason]), [reason]);
    } else await ledger.writeOutcomes([{ record, outcome: 'rejected', reason, status }]);
  }

  async function readAnswer(
    records: Records,
    round: Round,
    response: Parameters<ImportTarget['results']>[0],
  ): Promise<void> {
    let results: readonly RecordResult[];
    try {
      results = target.results(response, valuesOf(records));
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      return resolve(records, { ...round, isLost: true }, error);
    }
    if (results.some(({ outcome }) => outcome !== 'unknown')) lostInARow = 0;
    const outcomes: Outcome[] = [];
    const again: Refused[] = [];
    const unknown: NumberedRecord[] = [];
    const reasons: string[] = [];
    for (const [index, record] of records.entries()) {
      const result = results[index] as RecordResult;
      if (result.outcome === 'accepted') outcomes.push({ record, outcome: 'accepted' });
      else if (result.outcome === 'again') again.push({ ...result, record });
      else if (result.outcome === 'refused') outcomes.push({ ...result, record, outcome: 'rejected' });
      else {
        unknown.push(record);
        reasons.push(result.reason);
      }
    }
    if (outcomes.length > 0) await ledger.writeOutcomes(outcomes);
    const next = { ...round, isPartial: round.isPartial || outcomes.length > 0, asked: undefined };
    if (again.length > 0) await sendAgain(again, next);
    if (unknown.length > 0) await resolve(unknown, { ...next, isLost: true }, unreadable(reasons), reasons);
  }

  /** Sends records again that the API refused for a temporary reason, or gives up. */
  async function sendAgain(refused: readonly Refused[], round: Round): Promise<void> {
    const records = refused.map(({ record }) => record);
    const [{ reason, status }] = refused as [Refused];
    const next = rounds.next({ ...round, reason });
    const times = round.attempt + 1;
    // Of several records that the API asks to wait for, perhaps only one conflicts.
    const mayReject =
      round.asked === undefined
        ? round.isPartial || maxOutage === 0
        : round.isPartial && records.length === 1;
    if (!next && mayReject) {
      const note = `temporary, after ${times} ${times === 1 ? 'attempt' : 'attempts'}`;
      return ledger.writeOutcomes(
        refused.map((one) => ({ ...one, outcome: 'rejected', reason: `${one.reason} (${note})` })),
      );
    }
    if (!records.every(hasId)) await ledger.withdrawn(records);
    if (next) return send(records, next);
    throw temporarilyRefused(reason, status, times);
  }

  /**
   * Finds the outcome of records that the API may or may not have accepted.
   *
   * @param reasons for each record, if the response arrived but does not tell its outcome.
   */
  async function resolve(
    records: Records,
    round: Round,
    error: unknown,
    reasons?: readonly string[],
  ): Promise<void> {
    const reasonOf = (record: NumberedRecord) =>
      reasons?.[records.indexOf(record)] ?? (error === RUN_ENDED ? RUN_ENDED : toBatchError(error).message);
    const withId = records.filter(hasId);
    const without = records.filter((record) => !hasId(record));
    if (without.length > 0) await lookUp(without, round, error, reasonOf);
    const next = { ...round, attempt: round.attempt + 1, asked: undefined };
    // After an interruption, the records are sent as in the first attempt.
    if (withId.length === 0 || error === RUN_ENDED || round.attempt < retries) return send(withId, next);
    // The API answers, but never tells the outcome of these records. They must not block the records after them.
    if (!(reasons && round.isPartial)) throw error;
    await ledger.writeOutcomes(
      withId.map((record) => ({ record, outcome: 'unresolved', reason: reasonOf(record) })),
    );
  }

  async function lookUp(
    records: Records,
    round: Round,
    error: unknown,
    reasonOf: (record: NumberedRecord) => string,
  ): Promise<void> {
    const verdicts = target.check ? await check(records) : undefined;
    const by = (verdict: string) => records.filter((_, index) => verdicts?.[index] === verdict);
    const present = by('present');
    const absent = round.attempt < retries ? by('absent') : [];
    const unresolved = records.filter((record) => !present.includes(record) && !absent.includes(record));
    const outcomes: Outcome[] = [
      ...present.map((record) => ({ record, outcome: 'accepted' as const })),
      ...unresolved.map((record) => ({
        record,
        outcome: 'unresolved' as const,
        reason: reasonOf(record),
      })),
    ];
    if (outcomes.length > 0) await ledger.writeOutcomes(outcomes);
    if (absent.length > 0) {
      await ledger.withdrawn(absent);
      return send(absent, { ...round, attempt: round.attempt + 1, asked: undefined });
    }
    if (unresolved.length === 0 || error === RUN_ENDED) return;
    if (hasGivenUp(error)) throw error;
    // A result that tells nothing about one record is not an outage if it tells the outcome of others.
    if (!round.isPartial && ++lostInARow >= LOST_IN_A_ROW) throw error;
  }

  async function check(records: Records): Promise<readonly string[]> {
    throwIfAborted(stop);
    try {
      return (await target.check?.(valuesOf(records), (config) => requests.send(config))) ?? [];
    } catch (error) {
      throw stop.aborted ? stop.reason : error;
    }
  }

  return async ({ records, states }) => {
    const isIn = (state: string) => (_: unknown, index: number) => (states?.[index] ?? 'waiting') === state;
    const waiting = records.filter(isIn('waiting'));
    const problems = waiting.flatMap((record): Outcome[] =>
      record.problem === undefined ? [] : [{ record, outcome: 'rejected', reason: record.problem }],
    );
    if (problems.length > 0) await ledger.writeOutcomes(problems);
    const open = records.filter(isIn('sent'));
    if (open.length > 0) await resolve(open, FIRST_ROUND, RUN_ENDED);
    const sendable = waiting.filter(({ problem }) => problem === undefined);
    for (const part of withoutRepeatedIds(sendable)) await send(part, FIRST_ROUND);
  };
}

/** Returns the error for results that do not tell the outcome of records. */
function unreadable(reasons: readonly string[]): BatchError {
  return unexpectedResults(
    `tells no outcome of ${reasons.length === 1 ? 'a record' : `${reasons.length} records`} (${reasons[0]})`,
  );
}
