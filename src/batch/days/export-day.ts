import { completeSummary, type ExportSummary, exportChecked } from '../export/export.ts';
import type { ExportOptions } from '../export/options.ts';
import type { SharedRequests } from '../requests.ts';
import { startRemoved } from './begin-again.ts';
import { exists, filesOf, halfPublished, publish, publishCheckpoint, refuseForeign } from './day-files.ts';
import { dayState } from './day-state.ts';
import type { PlannedDay } from './plan.ts';

/** The run of a day. */
export interface DayRun<Item> {
  /** Options of each export. */
  readonly options: Omit<ExportOptions<Item>, 'source' | 'sink' | 'checkpoint'>;
  readonly shared: SharedRequests;
  /** Rejects if another run has taken over the lock of this run. */
  verify(): Promise<void>;
}

/**
 * Exports a day, or resumes its export.
 *
 * @throws BatchError
 */
export async function exportDay<Item>(planned: PlannedDay<Item>, run: DayRun<Item>): Promise<ExportSummary> {
  const { source, sink, state } = planned;
  const { options, shared } = run;
  if (!sink.checkpoint) return exportFile(planned, run);
  const restart = options.restart || state?.complete !== undefined;
  return exportChecked({ ...options, source, sink, restart }, shared);
}

async function exportFile<Item>(
  planned: PlannedDay<Item>,
  { options, shared, verify }: DayRun<Item>,
): Promise<ExportSummary> {
  const { source, sink, subject } = planned;
  const { restart = false } = options;
  const files = filesOf(sink.path ?? '');
  const { path, unfinished } = files;
  if (!restart) {
    const published = await halfPublished(files, subject);
    if (published) {
      await publishCheckpoint(files);
      return completeSummary(published, path);
    }
  }
  const isOwn = !restart && (await dayState(planned)).complete !== undefined;
  const target = sink.at?.(unfinished) ?? sink;
  const hasBegun = await exists(unfinished);
  if (!hasBegun) await startRemoved(planned);
  const summary = await exportChecked(
    { ...options, source, sink: target, restart: restart && hasBegun },
    shared,
  );
  await verify();
  // Another program may have created the file during the export.
  if (!isOwn && !restart) await refuseForeign(files);
  await publish(files, restart);
  return { ...summary, output: path };
}
