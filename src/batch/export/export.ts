import { stat } from 'node:fs/promises';
import { systemClock } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { lockOutput } from '../files/output-lock.ts';
import { type Progress, toProgress } from '../progress.ts';
import type { SharedRequests } from '../requests.ts';
import { interrupted, toBatchError } from '../to-batch-error.ts';
import { checkExportOptions, type ExportOptions } from './options.ts';
import { runExport } from './run.ts';
import { savedExport } from './saved-export.ts';
import { type ExportState, START, warningsOf } from './state.ts';

/** The result of a complete export. */
export interface ExportSummary extends Progress {
  /** The output contains every record of the API, except for the `missing` ones. */
  readonly status: 'complete';
  /** The export continued from a checkpoint. */
  readonly resumed: boolean;
  /** An earlier run had completed the export, so this run did nothing. */
  readonly alreadyComplete: boolean;
  /** The output file, if the sink writes to a file. */
  readonly output?: string | undefined;
  /** The records that the API stated, summed over all windows; undefined if the API stated no total. */
  readonly stated?: number | undefined;
  /** The stated records that did not arrive, summed over all windows. The tolerance of the source allows them. */
  readonly missing: number;
  /** Records that the API returned, but that are not part of the export: see `startedWithin`. They are not written. */
  readonly outside: number;
  /** What the export tolerated, in sentences without a full stop, each with the numbers of the API. */
  readonly warnings: readonly string[];
}

/**
 * Exports every record of a source into a sink, once each. If an earlier run of the same export ended early for any
 * reason, the export continues from its checkpoint.
 *
 * @returns the summary of the complete export.
 * @throws BatchError if the export ends early: see its `code` and `resumable`. ConfigurationError that lists all
 * invalid options.
 * @example
 * await exportRecords({
 *   api,
 *   source: genesysConversations({ interval: '2026-01-01T00:00Z/2026-02-01T00:00Z' }),
 *   sink: jsonLinesFile('conversations.jsonl'),
 * });
 */
export async function exportRecords<Item>(options: ExportOptions<Item>): Promise<ExportSummary> {
  return exportChecked(checkExportOptions(options));
}

/**
 * Runs an export as {@link exportRecords} does.
 *
 * @param own the checked options.
 * @param shared what the exports of a run share.
 */
export async function exportChecked<Item>(
  own: ExportOptions<Item>,
  shared?: SharedRequests,
): Promise<ExportSummary> {
  const { sink, clock = systemClock, signal } = own;
  if (signal?.aborted) throw interrupted(signal.reason);
  const { lock: lockPath, journal, load, save } = savedExport(own);
  const lock = lockPath === undefined ? undefined : await lockOutput(lockPath, clock, signal);
  try {
    const saved = await load();
    if (saved?.complete) return await alreadyComplete(saved, sink.path);
    const checkpoint = async (state: ExportState) => {
      await lock?.verify();
      await save(state);
    };
    const result = await runExport(own, saved ?? START, journal, checkpoint, shared);
    const resumed = (saved?.pages ?? 0) > 0;
    return { ...result, status: 'complete', resumed, alreadyComplete: false, output: sink.path };
  } catch (error) {
    throw toBatchError(error);
  } finally {
    await lock?.release();
  }
}

async function alreadyComplete(state: ExportState, output: string | undefined): Promise<ExportSummary> {
  // Do not open the output: the sink would cut off what another program appended since.
  if (output !== undefined && !(await stat(output).catch(() => undefined))) {
    throw new BatchError(
      `this export is complete, but ${output} no longer exists. Restore the file, or set restart (--restart) to export it again.`,
      'ERR_OUTPUT_SHORT',
      { resumable: false },
    );
  }
  return completeSummary(state, output);
}

/** Returns the summary of an export that an earlier run has completed. */
export function completeSummary(state: ExportState, output: string | undefined): ExportSummary {
  const { records, pages, repeated, total, stated, missing, outside = 0 } = state;
  const nothing = { requests: 0, retries: 0, replays: 0, refreshes: 0, elapsed: 0 };
  return {
    ...toProgress({ records, pages, repeated, total, recordsBefore: records, ...nothing }),
    stated,
    missing,
    outside,
    warnings: warningsOf(state),
    status: 'complete',
    resumed: true,
    alreadyComplete: true,
    output,
  };
}
