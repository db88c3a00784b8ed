import { stat } from 'node:fs/promises';
import { systemClock } from '../../core/internal.ts';
import { loadCheckpoint, type Subject, saveCheckpoint } from '../checkpoint.ts';
import { BatchError } from '../errors.ts';
import { lockOutput } from '../files/output-lock.ts';
import { refuseExisting, setAside } from '../files/set-aside.ts';
import { type Progress, toProgress } from '../progress.ts';
import { interrupted, toBatchError } from '../to-batch-error.ts';
import { checkExportOptions, type ExportOptions } from './options.ts';
import { type ExportState, runExport, START } from './run.ts';

/** The result of a complete export. */
export interface ExportSummary extends Progress {
  /** The output contains every record of the API. */
  readonly status: 'complete';
  /** The export continued from a checkpoint. */
  readonly resumed: boolean;
  /** An earlier run had completed the export, so this run did nothing. */
  readonly alreadyComplete: boolean;
  /** The output file, if the sink writes to a file. */
  readonly output?: string | undefined;
  /** The records that the API stated, summed over all windows; undefined if it stated none. */
  readonly stated?: number | undefined;
  /** The stated records that did not arrive, summed over all windows. The tolerance of the source allows them. */
  readonly missing: number;
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
  const own = checkExportOptions(options);
  const { source, sink, api, clock = systemClock, signal, restart = false } = own;
  if (signal?.aborted) throw interrupted(signal.reason);
  const location = (own.checkpoint ?? (sink.path !== undefined && `${sink.path}.checkpoint`)) || undefined;
  const path = typeof location === 'string' ? location : undefined;
  const journal = typeof location === 'object' ? location.journal : path && `${path}.journal`;
  const subject: Subject = {
    source: source.name,
    query: source.query,
    format: sink.format,
    account: own.account ?? api.defaults.baseURL ?? '',
  };
  // A store needs no lock, because it accepts the saves of one run only.
  const locked = typeof location === 'object' ? undefined : (path ?? sink.path);
  const lock = locked === undefined ? undefined : await lockOutput(`${locked}.lock`, clock, signal);
  try {
    if (restart) await setAside([sink.path, path, journal].filter((file) => file !== undefined));
    const isStart = ({ pages, cursor }: ExportState) => pages === 0 && cursor === undefined;
    // A checkpoint file was renamed above; the checkpoint in a store is overwritten.
    const ignoreSaved = location === undefined || (restart && path === undefined);
    const saved = ignoreSaved ? undefined : await loadCheckpoint(location, subject, isStart);
    if (saved?.complete) return await alreadyComplete(saved, sink.path);
    if (!saved) {
      if (sink.path !== undefined) await refuseExisting(sink.path);
      // Save before the first write, or a crash would leave an output without a checkpoint.
      if (location !== undefined) await saveCheckpoint(location, subject, START);
    }
    const progress = await runExport(own, saved ?? START, journal, async (state) => {
      if (location === undefined) return;
      await lock?.verify();
      await saveCheckpoint(location, subject, state);
    });
    return {
      ...progress,
      missing: 0,
      warnings: [],
      status: 'complete',
      resumed: (saved?.pages ?? 0) > 0,
      alreadyComplete: false,
      output: sink.path,
    };
  } catch (error) {
    throw toBatchError(error);
  } finally {
    await lock?.release();
  }
}

async function alreadyComplete(
  { records, pages, repeated }: ExportState,
  output: string | undefined,
): Promise<ExportSummary> {
  // Do not open the output: the sink would cut off what another program appended since.
  if (output !== undefined && !(await stat(output).catch(() => undefined))) {
    throw new BatchError(
      `this export is complete, but ${output} no longer exists. Restore the file, or set restart (--restart) to export it again.`,
      'ERR_OUTPUT_SHORT',
      { resumable: false },
    );
  }
  const nothing = { requests: 0, retries: 0, replays: 0, refreshes: 0, elapsed: 0 };
  const progress = toProgress({
    records,
    pages,
    repeated,
    total: records,
    recordsBefore: records,
    ...nothing,
  });
  return {
    ...progress,
    missing: 0,
    warnings: [],
    status: 'complete',
    resumed: true,
    alreadyComplete: true,
    output,
  };
}
