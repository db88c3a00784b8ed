import { BatchError, type Day } from '../../batch/index.ts';
import { splitInterval, type WholeSummary } from '../../bullmq/index.ts';
import { throwIfAborted } from '../../core/internal.ts';
import { outputOfDay } from '../days/day-output.ts';
import { createDayReports, type DayReports } from '../days/day-reports.ts';
import type { ChosenDays } from '../flags/period-flags.ts';
import { DEFAULT_DAY_PARTS } from '../flags/queue-flags.ts';
import type { Completion } from '../reporter/types.ts';
import { sourceOf } from '../sources.ts';
import { chooseRereads, dateOf, isOver, type RereadOptions } from './choose-rereads.ts';
import type { Described } from './describe-queued.ts';
import type { QueueRun, Submitted } from './queue-run.ts';

/** A day whose export is in the queue. */
interface SubmittedDay {
  readonly date: string;
  /** Undefined if the day is complete. */
  readonly submitted?: Submitted;
  readonly summary?: WholeSummary;
}

/**
 * Submits one export for each day, and waits for the days in order. The parts of all days alternate, because their exports have the same
 * priority.
 */
export async function runQueuedDays(
  run: QueueRun,
  described: Described,
  { list }: ChosenDays,
): Promise<Completion> {
  const { job, reporter, signal } = run;
  const { flags } = job;
  const [first] = list;
  // Refuse wrong options before an export is submitted.
  if (first) sourceOf(described.description, first.interval);
  const reports = createDayReports(reporter, job.name, true);
  const days: SubmittedDay[] = [];
  try {
    for (const day of list) {
      throwIfAborted(signal);
      const submitted = await attempt(reports, run, day.date, () => submitDay(run, described, day));
      if (submitted) days.push(submitted);
    }
    const rereads = await findRereads(run, described, days);
    for (const date of chooseRereads(rereads)) {
      const day = list.find((one) => one.date === date) as Day;
      const submitted = await attempt(reports, run, date, () => rereadDay(run, described, day, rereads));
      const index = days.findIndex((one) => one.date === date);
      days.splice(index, 1, ...(submitted ? [submitted] : []));
    }
    reporter.started(job.name, flags.out);
    reports.started(list.length, days.filter(({ summary }) => !summary).length);
    for (const { date, summary, submitted } of days) {
      const result = summary ?? (await attempt(reports, run, date, async () => submitted?.finished()));
      if (result) reports.add({ day: { date }, status: 'complete', summary: result });
    }
    return reports.end(flags, `${flags.out} in the directory of the workers`);
  } finally {
    await Promise.all(days.map(({ submitted }) => submitted?.close()));
  }
}

/** Reports an error of one day, so that the other days continue. @throws the error if it is not about this day. */
async function attempt<T>(
  reports: DayReports,
  { signal }: QueueRun,
  date: string,
  action: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    const isUnreachable =
      error instanceof BatchError && error.code === 'ERR_QUEUE' && error.cause !== undefined;
    if (signal.aborted || isUnreachable || !(error instanceof BatchError)) throw error;
    reports.add({ day: { date }, status: 'failed', error });
    return undefined;
  }
}

function submitDay(run: QueueRun, { name, description }: Described, day: Day): Promise<SubmittedDay> {
  // Without `keepSummary`, Redis would forget after some days that the day is complete.
  return submit(run, day, { name: `${name}-${day.date}`, description, keepSummary: true });
}

async function findRereads(
  { job, list }: QueueRun,
  { name }: Described,
  days: readonly SubmittedDay[],
): Promise<RereadOptions> {
  const { reread: count = 0, timezone: timeZone = 'UTC' } = job.flags;
  const exports = new Map((count > 0 ? await list() : []).map((listed) => [listed.name, listed]));
  const dates = count > 0 ? days.flatMap(({ date, summary }) => (summary ? [date] : [])) : [];
  const find = (date: string) => exports.get(rereadName(name, date));
  return { dates, count, find, timeZone, today: dateOf(new Date(), timeZone) };
}

/**
 * Exports a complete day again, or continues with an unfinished reread. All rereads of a day have one name, so that what a failed reread has left
 * in Redis and in the directory of the workers does not accumulate.
 */
async function rereadDay(
  run: QueueRun,
  { name: base, description }: Described,
  day: Day,
  rereads: RereadOptions,
): Promise<SubmittedDay> {
  const name = rereadName(base, day.date);
  if (isOver(rereads.find(day.date), rereads)) await run.remove(name);
  return submit(run, day, { name, description, replace: true });
}

function rereadName(name: string, date: string): string {
  return `${name}-${date}-reread`;
}

interface DayExport extends Described {
  keepSummary?: boolean;
  replace?: boolean;
}

async function submit(
  { job, submit }: QueueRun,
  { date, interval }: Day,
  { description, ...own }: DayExport,
): Promise<SubmittedDay> {
  const { out, merge, parts = DEFAULT_DAY_PARTS } = job.flags;
  const submitted = await submit(
    {
      ...own,
      description: { ...description, startedWithin: true },
      parts: splitInterval(interval, parts),
      output: merge === false ? false : outputOfDay(out, date),
    },
    { day: date },
  );
  if (!submitted.isComplete) return { date, submitted };
  try {
    return { date, summary: await submitted.finished() };
  } finally {
    // Each handle has a connection.
    await submitted.close();
  }
}
