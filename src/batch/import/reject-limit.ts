import { BatchError } from '../errors.ts';
import { NO_REASON } from './error-entry.ts';
import type { Outcome } from './outcome.ts';
import type { ImportState } from './state.ts';

/** `maxRejects` of the options of an import. */
export type MaxRejects = number | `${number}%`;

/** Counts the rejected records of an import. */
export interface RejectLimit {
  /** Counts outcomes. Returns the error that stops the import if too many records are rejected. */
  add(outcomes: readonly Outcome[]): BatchError | undefined;
  /** Returns the error if too many records of the whole input are rejected, and this run has rejected some of them. */
  finish(): BatchError | undefined;
}

interface LimitOptions {
  maxRejects: MaxRejects | undefined;
  /** The rejects file, for messages. */
  path: string;
  /** Returns the part of the reason that is the same for all records. */
  similar(outcome: Outcome): string;
}

const DEFAULT_NUMBER = 1000;
const DEFAULT_SHARE = 0.05;

// Among fewer records, a share would stop at the first rejected record.
const SMALLEST_SAMPLE = 100;

// A reason that names each record differently must not fill the memory.
const MOST_REASONS = 1000;

const SHARE = /^(\d+(?:\.\d+)?)%$/;

/** Returns the problem with the value of `maxRejects`. */
export function maxRejectsProblem(value: MaxRejects | undefined): string | undefined {
  const isValid =
    value === undefined ||
    (typeof value === 'number' ? value >= 0 : SHARE.test(value) && Number.parseFloat(value) <= 100);
  return isValid ? undefined : "maxRejects must be a number >= 0, a share such as '5%', or Infinity";
}

/** Returns how many of the records may be rejected. */
export function limitOf(maxRejects: MaxRejects | undefined, processed: number): number {
  if (typeof maxRejects === 'string') return Math.floor((Number.parseFloat(maxRejects) * processed) / 100);
  return maxRejects ?? Math.max(DEFAULT_NUMBER, Math.floor(DEFAULT_SHARE * processed));
}

/** Returns whether an import stops because of its rejected records, with more records to come. */
export function isExceeded(maxRejects: MaxRejects | undefined, rejected: number, processed: number): boolean {
  if (typeof maxRejects === 'string' && processed < SMALLEST_SAMPLE) return false;
  return rejected > limitOf(maxRejects, processed);
}

/** Creates the limit. @param state of the import at the start of the run; earlier runs count. */
export function createRejectLimit(
  { accepted, rejected: before, unresolved }: Readonly<ImportState>,
  { maxRejects, path, similar }: LimitOptions,
): RejectLimit {
  let rejected = before;
  let processed = accepted + before + unresolved;
  const reasons = new Map<string, { count: number; reason: string }>();

  function countReason(outcome: Outcome): void {
    const key = similar(outcome);
    const known = reasons.get(key);
    if (known) known.count++;
    else if (reasons.size < MOST_REASONS) reasons.set(key, { count: 1, reason: outcome.reason ?? NO_REASON });
  }

  function check(): BatchError | undefined {
    const limit = limitOf(maxRejects, processed);
    if (rejected === before || rejected <= limit) return undefined;
    const [frequent] = [...reasons.values()].sort((one, other) => other.count - one.count);
    const allowed = typeof maxRejects === 'string' ? maxRejects : limit;
    return new BatchError(
      `${rejected} of ${processed} records were rejected, more than the limit of ${allowed} (maxRejects, --max-rejects). ` +
        `The most frequent reason in this run (${frequent?.count} of ${rejected - before}): ${frequent?.reason}. ` +
        `The rejected records are in ${path}. Fix the cause, or raise the limit, and run the same import again to resume.`,
      'ERR_TOO_MANY_REJECTS',
    );
  }

  return {
    add(outcomes) {
      const found = outcomes.filter(({ outcome }) => outcome === 'rejected');
      processed += outcomes.length;
      rejected += found.length;
      if (found.length === 0 || maxRejects === Number.POSITIVE_INFINITY) return undefined;
      for (const outcome of found) countReason(outcome);
      return isExceeded(maxRejects, rejected, processed) ? check() : undefined;
    },
    finish: check,
  };
}
