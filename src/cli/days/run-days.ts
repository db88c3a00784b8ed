import { type Day, DaysError, exportDays } from '../../batch/index.ts';
import { pendingDays } from '../../batch/internal.ts';
import type { ExitCode } from '../exit-code.ts';
import { createSource, type ExportJob } from '../export-job.ts';
import { refuseUnusedFlags } from '../flags/flag-rules.ts';
import type { ChosenDays } from '../flags/period-flags.ts';
import type { Io } from '../io.ts';
import { type JobRun, runJob } from '../job.ts';
import { sinksFor } from '../output.ts';
import { shownOutput, tableOf } from '../postgres-output.ts';
import { checkFolders, checkTemplate } from './day-output.ts';
import { createDayReports } from './day-reports.ts';

/** Exports a file for each day. @returns the exit code. */
export function runDays(io: Io, exportJob: ExportJob, days: ChosenDays): Promise<ExitCode> {
  const { args, flags, source: _, warningFor: __, id, ...job } = exportJob;
  const { out, readAhead, checkpointInterval, timezone: timeZone, reread } = flags;
  return runJob(io, {
    ...job,
    args,
    flags,
    relative: flags.relative,
    file: shownOutput(out),
    canResume: true,
    prepare(reporter, environment): JobRun {
      refuseUnusedFlags(args, flags);
      checkTemplate(out, days);
      checkFolders(out, days);
      const output = tableOf(out) ?? out;
      const reports = createDayReports(reporter, job.name);
      const own = {
        ...{ days: days.text, timeZone, reread, readAhead, checkpointInterval },
        source: (day: Day) => createSource(exportJob, day.interval),
        sink: sinksFor(io, flags, { id, name: job.name }, environment),
      };
      let isIdle = false;
      return {
        // Without an account, which only the token can tell, checkpoints of any account count.
        async isIdle() {
          isIdle = (await pendingDays({ ...own, restart: flags.restart })).length === 0;
          return isIdle;
        },
        async run(options) {
          const { onProgress: __, ...run } = options;
          if (run.account === undefined) {
            for (const day of days.list) reports.add({ day, status: 'complete' });
            return reports.end(flags, out);
          }
          // To read the checkpoints of a year takes a noticeable time.
          const pending = isIdle ? [] : await pendingDays({ ...run, ...own });
          reports.started(days.list.length, pending.length);
          try {
            const { days: all, warnings } = await exportDays({
              ...run,
              ...own,
              onProgress: (progress, { date }) => reporter.progress({ ...progress, day: date }),
              onDay: (outcome) => reports.add(outcome),
            });
            for (const { day, summary } of all) reports.add({ day, status: 'complete', summary });
            return reports.end(flags, output, warnings);
          } catch (error) {
            if (!(error instanceof DaysError)) throw error;
            for (const outcome of error.outcomes) reports.add(outcome);
            return reports.end(flags, output);
          }
        },
      };
    },
  });
}
