import { join } from 'node:path';
import { BatchError, type ExportSummary, exportRecords, type Progress } from '../batch/index.ts';
import { isCsv, refuseExisting } from '../batch/internal.ts';
import { checkedColumns } from './checked-columns.ts';
import type { ExportDescription } from './description.ts';
import type { JobContext, JobOfExport } from './jobs.ts';
import { FOREIGN_OUTPUT } from './names.ts';
import type { PartClaim } from './part-claim.ts';
import { inheritJournal } from './part-journal.ts';
import { partState, readStates } from './part-state.ts';

/** Exports one part, from the last checkpoint of any worker. */
export async function exportPart(
  { api, directory, parts, source, run }: JobContext,
  { name, part = 0, keys, signal, ledger }: JobOfExport,
  description: ExportDescription,
  claim: PartClaim,
  onProgress: (progress: Progress) => void,
): Promise<ExportSummary> {
  const { output, common, format, csv, replace } = description;
  const value = description.parts[part];
  if (value === undefined) {
    throw new BatchError(`the export ${name} has no part ${part}`, 'ERR_QUEUE', { resumable: false });
  }
  // Fails now rather than after hours of work. If a merge is about to publish, an existing output may be its own.
  if (output !== undefined && !replace && !(await ledger.read()).merged)
    await refuseExisting(join(directory, output), FOREIGN_OUTPUT);
  const sink = parts.sink({ name, part, fence: claim.fence });
  const hasRecords = async () => partState(claim.label, await claim.checkpoints.load()).records > 0;
  return exportRecords({
    ...run,
    api,
    source: await source(value, common),
    // A part with records has passed the check.
    sink:
      output !== undefined && isCsv(format) && csv.columns && !(await hasRecords())
        ? checkedColumns(sink, csv, () => readStates({ name, keys, ledger }, part))
        : sink,
    checkpoint: { ...claim.checkpoints, journal: await inheritJournal(directory, { name, part, ...claim }) },
    signal,
    onProgress,
  });
}
