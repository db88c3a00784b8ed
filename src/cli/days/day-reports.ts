import type { ExportSummary } from '../../batch/index.ts';
import { findWarnings, judge } from '../completion.ts';
import { failureOf } from '../failure.ts';
import type { ResultFlags } from '../flags/export-flags.ts';
import type { Completion, Reporter } from '../reporter/types.ts';
import { count, counted } from '../reporter/words.ts';
import { type DayFailure, type DayResult, FailedDays } from './failed-days.ts';

/** The summary of the export of a day, in this process or on many hosts. */
type DaySummary = Pick<
  ExportSummary,
  'records' | 'outside' | 'stated' | 'missing' | 'warnings' | 'output' | 'alreadyComplete'
>;

/** The result of a day. The summary of a complete day can be unknown. A day is not started if an error that concerns all days ended the run before the day. */
type Outcome = { readonly day: { readonly date: string } } & (
  | { readonly status: 'complete'; readonly summary?: DaySummary }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'not-started' }
);

/** Reports each day of an export, and the result of all days. */
export interface DayReports {
  started(days: number, pending: number): void;
  /** Reports a day. Ignores a day that was reported already. */
  add(outcome: Outcome): void;
  /** Returns the result of all days. @param warnings further ones. @throws FailedDays if a day failed. */
  end(flags: ResultFlags, where: string, warnings?: readonly string[]): Completion;
}

/** @param keepsFlags whether a queue exports the days. */
export function createDayReports(reporter: Reporter, command: string, keepsFlags = false): DayReports {
  const results: DayResult[] = [];
  const fresh: { date: string; summary: DaySummary }[] = [];
  const failures: DayFailure[] = [];

  function addComplete(date: string, summary: DaySummary): void {
    const { records, outside, stated, missing, output, alreadyComplete } = summary;
    const result: DayResult = {
      ...{ date, status: 'complete', alreadyComplete, records, outside },
      ...(stated !== undefined && { stated }),
      ...{ missing, output },
    };
    results.push(result);
    if (alreadyComplete) return;
    fresh.push({ date, summary });
    reporter.note('day-complete', describeDay(result), result);
  }

  function addFailed(date: string, error: unknown): void {
    const { message, code, exitCode, hint } = failureOf(error, { command, day: date, keepsFlags });
    failures.push({ date, error });
    results.push({ date, status: 'failed', message });
    reporter.problem('day-failed', `${date}: failed: ${message}`, { date, code, exitCode, hint });
  }

  return {
    started(days, pending) {
      const message = `${counted(days, 'day')}, ${count(pending)} to export`;
      reporter.note('days-started', message, { days, pending });
    },
    add({ day: { date }, ...outcome }) {
      if (results.some((result) => result.date === date)) return;
      if (outcome.status === 'complete' && outcome.summary) addComplete(date, outcome.summary);
      else if (outcome.status === 'complete')
        results.push({ date, status: 'complete', alreadyComplete: true });
      else if (outcome.status === 'failed') addFailed(date, outcome.error);
      else results.push({ date, status: outcome.status });
    },
    end(flags, where, more = []) {
      for (const days of [results, fresh]) days.sort((one, other) => (one.date < other.date ? -1 : 1));
      if (failures.length > 0) throw new FailedDays(results, failures);
      // The warnings of a day that is complete already were printed by the run that completed the day.
      const found = fresh.map(({ date, summary }) => ({ date, ...findWarnings(summary, flags) }));
      const ofDays = found.flatMap(({ date, warnings: own }) => own.map((warning) => `${date}: ${warning}`));
      const warnings = [...new Set([...ofDays, ...more])];
      const summary = { days: results, ...sumsOf(results), warnings };
      const isShort = found.some((day) => day.isShort);
      return judge(summary, flags, describeAll(results, fresh.length, where), isShort);
    },
  };
}

function describeDay({ date, records = 0, outside = 0, missing = 0, output }: DayResult): string {
  return [
    `${date}: ${counted(records, 'record')}${output === undefined ? '' : ` in ${output}`}`,
    outside > 0 && `${count(outside)} of another day left out`,
    missing > 0 && `${count(missing)} missing`,
  ]
    .filter(Boolean)
    .join(', ');
}

function describeAll(results: readonly DayResult[], exported: number, where: string): string {
  const before = results.length - exported;
  if (exported === 0 && before === 0) return 'nothing to do: no day has ended since then';
  if (exported === 0) return `nothing to do: ${areComplete(before)}`;
  const records = results.reduce((sum, day) => sum + (day.alreadyComplete ? 0 : (day.records ?? 0)), 0);
  return [
    `complete: ${counted(records, 'record')} of ${counted(exported, 'day')} in ${where}`,
    before > 0 && `${areComplete(before)} already`,
  ]
    .filter(Boolean)
    .join('; ');
}

function areComplete(days: number): string {
  return `${counted(days, 'day')} ${days === 1 ? 'is' : 'are'} complete`;
}

function sumsOf(results: readonly DayResult[]) {
  const sum = (name: 'records' | 'outside' | 'stated' | 'missing') =>
    results.reduce((total, day) => total + (day[name] ?? 0), 0);
  const isStated = results.some(({ stated }) => stated !== undefined);
  return {
    records: sum('records'),
    outside: sum('outside'),
    ...(isStated && { stated: sum('stated') }),
    missing: sum('missing'),
  };
}
