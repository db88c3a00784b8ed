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

/** What an export did. */
export interface ExportSummary extends Progress {
  /** Every record that the API had is in the output. */
  readonly status: 'complete';
  /** It went on from a checkpoint. */
  readonly resumed: boolean;
  /** It was complete before, and nothing was done. */
  readonly alreadyComplete: boolean;
  /** The file, where it is one. */
  readonly output?: string | undefined;
}

/**
 * Exports every record of a source into a sink, once each. It goes on from where the last run of the same export was
 * when it ended, however it ended.
 *
 * @returns what was done; only when the export is complete.
 * @throws BatchError when it ends before that: see its `code` and `resumable`. ConfigurationError that lists
 * everything wrong with the options.
 * @example
 * await exportRecords({
 *   api,
 *   source: genesysConversations({ interval: '2026-01-01T00:00Z/2026-02-01T00:00Z' }),
 *   sink: jsonLinesFile('conversations.jsonl'),
 * });
 */
export async function exportRecords<Item>(options: ExportOptions<Item>): Promise<ExportSummary> {
  checkExportOptions(options);
  const { source, sink, api, clock = systemClock, signal, restart = false } = options;
  if (signal?.aborted) throw interrupted(signal.reason);
  const location =
    (options.checkpoint ?? (sink.path !== undefined && `${sink.path}.checkpoint`)) || undefined;
  const path = typeof location === 'string' ? location : undefined;
  const journal = path && `${path}.journal`;
  const subject: Subject = {
    source: source.name,
    query: source.query,
    format: sink.format,
    account: options.account ?? api.defaults.baseURL ?? '',
  };
  // A store needs no lock, because it rejects the saves of every run but one.
  const locked = typeof location === 'object' ? undefined : (path ?? sink.path);
  const lock = locked === undefined ? undefined : await lockOutput(`${locked}.lock`, clock, signal);
  try {
    if (restart) await setAside([sink.path, path, journal].filter((file) => file !== undefined));
    const isStart = ({ pages, cursor }: ExportState) => pages === 0 && cursor === undefined;
    // A file was set aside; what a store has is written over.
    const anew = location === undefined || (restart && path === undefined);
    const saved = anew ? undefined : await loadCheckpoint(location, subject, isStart);
    if (saved?.complete) return await alreadyComplete(saved, sink.path);
    if (!saved) {
      if (sink.path !== undefined) await refuseExisting(sink.path);
      // Before there is any output: else a crash would leave one that no checkpoint belongs to.
      if (location !== undefined) await saveCheckpoint(location, subject, START);
    }
    const progress = await runExport(options, saved ?? START, journal, async (state) => {
      if (location === undefined) return;
      await lock?.verify();
      await saveCheckpoint(location, subject, state);
    });
    return {
      ...progress,
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
  // It is not opened: what was appended to it since is somebody else's and stays.
  if (output !== undefined && !(await stat(output).catch(() => undefined))) {
    throw new BatchError(
      `this export is complete, but ${output} is gone. Put it back, or begin anew (restart).`,
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
  return { ...progress, status: 'complete', resumed: true, alreadyComplete: true, output };
}
