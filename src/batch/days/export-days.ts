import { isAxiosError } from 'axios';
import { ConfigurationError, isAuthRefreshError } from '../../core/index.ts';
import { systemClock } from '../../core/internal.ts';
import type { Day } from '../dates/list-days.ts';
import type { BatchError } from '../errors.ts';
import { completeSummary } from '../export/export.ts';
import { shareRequests } from '../requests.ts';
import { interrupted, toBatchError } from '../to-batch-error.ts';
import { beginAgain } from './begin-again.ts';
import { filesOf } from './day-files.ts';
import { DaysError } from './days-error.ts';
import { type DayRun, exportDay } from './export-day.ts';
import {
  checkDaysOptions,
  checkPendingOptions,
  type ExportDaysOptions,
  type PendingDaysOptions,
} from './options.ts';
import { type DayOutcome, type DaysSummary, summaryOf } from './outcome.ts';
import { type Plan, type PlannedDay, planDays } from './plan.ts';
import { lockRun } from './run-lock.ts';
import { targetsOf } from './targets.ts';

/**
 * Exports each day into an output of its own. Complete days are skipped, so that the same call every night exports the new days.
 *
 * A day is exported to its path plus `.unfinished`. The file gets its name when the day is complete. New days are exported first, the oldest
 * day first, and then the days of `reread`. If a day fails, the run continues with the next day, unless the error concerns all days: the API
 * refuses the credentials (401, 403, no token) or asks to wait for longer than `maxOutage`, or the disk is full.
 *
 * @throws DaysError with the outcome of each day if a day fails. ConfigurationError that lists all invalid options. BatchError `ERR_LOCKED`
 * if another run exports the same days, `ERR_INTERRUPTED` if `signal` aborts, `ERR_CALLBACK` if a callback throws.
 * @example
 * await exportDays({
 *   api,
 *   days: { since: '2026-10-01' },
 *   timeZone: 'Europe/Berlin',
 *   source: ({ interval }) => genesysConversations({ interval }),
 *   sink: ({ date }) => jsonLinesFile(`conversations-${date}.jsonl`),
 *   reread: 2,
 * });
 */
export async function exportDays<Item>(options: ExportDaysOptions<Item>): Promise<DaysSummary> {
  const own = checkDaysOptions(options);
  const { clock = systemClock, signal } = own;
  if (signal?.aborted) throw interrupted(signal.reason);
  try {
    // The list does not change if the run lasts over midnight.
    const targets = targetsOf(own);
    const seen = await planDays(targets, own);
    const [first] = seen.all;
    if (!first || seen.pending.length === 0) return endOfRun(seen, new Map());
    const lock = await lockRun(first, clock, signal);
    try {
      // Another run may have completed days since.
      return await exportPending(own, await planDays(targets, own), () => lock.verify());
    } finally {
      await lock.release();
    }
  } catch (error) {
    throw toBatchError(error);
  }
}

/**
 * Returns the days that {@link exportDays} would export. Sends no request, and changes no file.
 *
 * @throws ConfigurationError that lists all invalid options. BatchError `ERR_CALLBACK` if a callback throws.
 */
export async function pendingDays<Item>(options: PendingDaysOptions<Item>): Promise<Day[]> {
  try {
    const own = checkPendingOptions(options);
    const { pending } = await planDays(targetsOf(own), own);
    return pending.map(({ day }) => day);
  } catch (error) {
    throw toBatchError(error);
  }
}

async function exportPending<Item>(
  own: ExportDaysOptions<Item>,
  plan: Plan<Item>,
  verify: () => Promise<void>,
): Promise<DaysSummary> {
  const { clock = systemClock, rate, signal, onProgress, onDay } = own;
  const shared = shareRequests(clock, rate);
  const outcomes = new Map<string, DayOutcome>();
  let fatal: unknown;

  /** Makes an error of the call end the run. Other errors end only a day. */
  async function required(call: () => unknown): Promise<void> {
    try {
      await call();
    } catch (error) {
      fatal = error;
      throw error;
    }
  }

  async function attempt(planned: PlannedDay<Item>): Promise<DayOutcome> {
    const { day } = planned;
    const run: DayRun<Item> = {
      options: {
        ...own,
        onProgress: onProgress && ((progress) => required(() => onProgress(progress, day))),
      },
      shared,
      verify: () => required(verify),
    };
    try {
      return { day, status: 'complete', summary: await exportDay(planned, run) };
    } catch (error) {
      const failure = toBatchError(error);
      if (fatal !== undefined || signal?.aborted || failure instanceof ConfigurationError) throw failure;
      // If the API is still unreachable, the next day must not wait for `maxOutage` again.
      shared.contact.hasAnswered = false;
      return { day, status: 'failed', error: failure };
    }
  }

  await beginAgain(plan.pending);
  for (const planned of plan.pending) {
    const outcome = await attempt(planned);
    outcomes.set(planned.day.date, outcome);
    await onDay?.(outcome);
    if (outcome.status === 'failed' && concernsAllDays(outcome.error)) break;
  }
  return endOfRun(plan, outcomes);
}

/** @throws DaysError if a day failed. */
function endOfRun<Item>(plan: Plan<Item>, outcomes: ReadonlyMap<string, DayOutcome>): DaysSummary {
  const all = plan.all.map((planned) => outcomes.get(planned.day.date) ?? earlierOutcome(planned));
  const complete = all.filter((outcome) => outcome.status === 'complete');
  if (complete.length < all.length) throw new DaysError(all);
  const missing = plan.all.filter(({ day, state }) => state?.isMissing && !outcomes.has(day.date));
  return summaryOf(complete, missing.length > 0 ? [missingWarning(missing)] : []);
}

function earlierOutcome<Item>({ day, sink, state }: PlannedDay<Item>): DayOutcome {
  if (!state?.complete) return { day, status: 'not-started' };
  return { day, status: 'complete', summary: completeSummary(state.complete, sink.path) };
}

function missingWarning<Item>(missing: readonly PlannedDay<Item>[]): string {
  const path = missing[0]?.sink.path ?? '';
  const files =
    missing.length === 1
      ? `${path} no longer exists`
      : `${missing.length} files no longer exist, the first is ${path}`;
  return (
    `${files}. ${missing.length === 1 ? 'Its day counts' : 'Their days count'} as complete, because the checkpoint says so. To export a day ` +
    `again, remove the checkpoint of its file, such as ${filesOf(path).checkpoint}`
  );
}

/** Returns whether an error of one day is an error of all days. */
function concernsAllDays({ code, cause }: BatchError): boolean {
  if (code === 'ERR_THROTTLED' || isAuthRefreshError(cause)) return true;
  if (isAxiosError(cause)) return [401, 403].includes(cause.response?.status ?? 0);
  return ['ENOSPC', 'EDQUOT'].includes(Object(cause).code);
}
