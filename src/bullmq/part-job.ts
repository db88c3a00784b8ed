import { join } from 'node:path';
import { BatchError, type ExportSummary, exportRecords, type Progress } from '../batch/index.ts';
import { refuseExisting } from '../batch/internal.ts';
import type { ExportDescription } from './description.ts';
import type { JobContext, JobOfExport } from './jobs.ts';
import { IS_ANOTHERS } from './names.ts';
import type { PartClaim } from './part-claim.ts';

/** Exports one part, from the last checkpoint of any worker. */
export async function exportPart(
  { api, directory, parts, source, run }: JobContext,
  { name, part = 0, signal, ledger }: JobOfExport,
  description: ExportDescription,
  claim: PartClaim,
  onProgress: (progress: Progress) => void,
): Promise<ExportSummary> {
  const { output, common } = description;
  const asked = description.parts[part];
  if (asked === undefined) {
    throw new BatchError(`${name} has no part ${part}`, 'ERR_QUEUE', { resumable: false });
  }
  // Before hours of work, not behind them. While a merge ends the output is its own.
  if (output !== undefined && !(await ledger.read()).merged)
    await refuseExisting(join(directory, output), IS_ANOTHERS);
  return exportRecords({
    ...run,
    api,
    source: await source(asked, common),
    sink: parts.sink({ name, part, fence: claim.fence }),
    checkpoint: claim.checkpoints,
    signal,
    onProgress,
  });
}
