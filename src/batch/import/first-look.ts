import { BatchError } from '../errors.ts';
import type { NumberedRecord } from './batches.ts';
import { NO_REASON } from './error-entry.ts';
import type { Ledger } from './ledger.ts';
import { type ImportOptions, importPaths } from './options.ts';
import type { Outcome } from './outcome.ts';
import { createRejectLimit } from './reject-limit.ts';
import { similarReason } from './similar-reason.ts';

/**
 * Writes the outcomes of an import. Until the API has accepted a record, rejected records are held back, because a wrong list or a wrong
 * column makes the API refuse every record. The import then stops, and nothing of it is recorded.
 */
export interface FirstLook {
  /** Writes outcomes, or holds rejected records back. */
  write(outcomes: readonly Outcome[]): Promise<void>;
  /**
   * Splits a batch that the API refused as a whole: into halves, to find the bad records. While no record is accepted, single records come
   * first, because halving a batch of which every record is bad would cost twice as many requests as the batch has records.
   */
  parts(records: readonly NumberedRecord[]): Iterable<readonly NumberedRecord[]>;
  /** Writes the records that are still held back, at the end of the input. */
  end(): Promise<void>;
}

// The number of records that the API must refuse.
const ENOUGH = 20;

// Records that cannot be read, or that the target refuses, are held back too. They must not fill the memory.
const MOST_HELD = 1000;

/**
 * Creates the writer of the outcomes of a run.
 *
 * @param stop stops the import. Requests on the wire still get their response.
 */
export function createFirstLook(
  options: ImportOptions,
  ledger: Pick<Ledger, 'state' | 'withdrawn' | 'writeOutcomes'>,
  stop: (error: BatchError) => void,
): FirstLook {
  const { target, maxRejects } = options;
  const similar = ({ reason = '', record }: Outcome) => similarReason(reason, record, target.idOf);
  const limit = createRejectLimit(ledger.state, { maxRejects, path: importPaths(options).rejects, similar });
  let isOpen = maxRejects !== Number.POSITIVE_INFINITY && ledger.state.accepted === 0;
  let held: Outcome[] = [];
  const refused: Outcome[] = [];

  const isRefusal = ({ outcome, record }: Outcome) => outcome === 'rejected' && record.problem === undefined;

  function isOver(outcomes: readonly Outcome[]): boolean {
    const reasons = new Set(refused.map(similar));
    return reasons.size > 1 || held.length > MOST_HELD || outcomes.some((one) => one.outcome === 'accepted');
  }

  async function close(outcomes: readonly Outcome[]): Promise<void> {
    isOpen = false;
    const all = [...held, ...outcomes];
    held = [];
    if (all.length > 0) await ledger.writeOutcomes(all);
  }

  async function hold(outcomes: readonly Outcome[], isExceeded: boolean): Promise<void> {
    const refusals = outcomes.filter(isRefusal);
    refused.push(...refusals);
    held.push(...outcomes.filter(({ outcome }) => outcome === 'rejected'));
    const others = outcomes.filter(({ outcome }) => outcome !== 'rejected');
    if (isExceeded || isOver(outcomes)) return close(others);
    // The API has not executed the records, so that the next run can send them.
    if (refusals.length > 0) await ledger.withdrawn(refusals.map(({ record }) => record));
    if (others.length > 0) await ledger.writeOutcomes(others);
    if (refused.length >= ENOUGH) stop(refusesEverything(refused));
  }

  return {
    async write(outcomes) {
      const error = limit.add(outcomes);
      await (isOpen ? hold(outcomes, error !== undefined) : ledger.writeOutcomes(outcomes));
      // Not thrown: the other records of a response that has arrived must still be marked.
      if (error) stop(error);
    },
    *parts(records) {
      let rest = records;
      while (isOpen && rest.length > 1) {
        yield rest.slice(0, 1);
        rest = rest.slice(1);
      }
      const middle = Math.ceil(rest.length / 2);
      yield rest.slice(0, middle);
      yield rest.slice(middle);
    },
    async end() {
      await close([]);
      const error = limit.finish();
      if (error) stop(error);
    },
  };
}

function refusesEverything(refused: readonly Outcome[]): BatchError {
  const [first] = refused;
  return new BatchError(
    `the API refuses every record for one reason: ${first?.reason ?? NO_REASON}. None of the ${refused.length} records tried was accepted, and the ` +
      'import recorded nothing. Fix the input or the target, and run the same import again. To import despite such refusals, set ' +
      'maxRejects to Infinity (--max-rejects none).',
    'ERR_TOO_MANY_REJECTS',
  );
}
