import { resolve } from 'node:path';
import { numberProblems, refuse } from '../../core/internal.ts';
import type { CheckpointStore } from '../checkpoint-store.ts';
import { type RunOptions, runProblems } from '../run-options.ts';
import type { Sink } from '../sinks/sink.ts';
import type { PageSource } from '../sources/source.ts';

export const EXPORT_DEFAULTS = { readAhead: 6, checkpointInterval: 1000 } as const;

/** Options of `exportRecords`. Durations are in milliseconds. */
export interface ExportOptions<Item = unknown> extends RunOptions {
  source: PageSource<Item>;
  sink: Sink<Item>;
  /**
   * The file, or the store, that keeps how far the export is; `false` for none, and then it cannot be resumed.
   * @default the sink's `path` and `.checkpoint`; none where it has no path
   */
  checkpoint?: string | CheckpointStore | false | undefined;
  /** The least time between two checkpoints; 0 for one after each page. @default 1000 */
  checkpointInterval?: number | undefined;
  /** How many pages are read before they are asked for, or at once where the API allows that. @default 6 */
  readAhead?: number | undefined;
}

/** @throws ConfigurationError that lists everything wrong. */
export function checkExportOptions<Item>(options: ExportOptions<Item>): void {
  const { source, sink, checkpoint } = options ?? {};
  const output = sink?.path === undefined ? undefined : resolve(sink.path);
  refuse('exportRecords', [
    ...runProblems(options ?? {}),
    typeof source?.read !== 'function' && 'source must be a page source, such as genesysConversations(...)',
    typeof sink?.open !== 'function' && 'sink must be a sink, such as jsonLinesFile(...)',
    ...numberProblems(options ?? {}, ['checkpointInterval', 'readAhead']),
    // The checkpoint would replace the records, and the export be complete.
    typeof checkpoint === 'object' &&
      !(typeof checkpoint.load === 'function' && typeof checkpoint.save === 'function') &&
      'checkpoint must be the name of a file, or a store with load and save',
    typeof checkpoint === 'string' &&
      checkpoint !== '' &&
      ['', '.journal', '.lock'].some((ending) => resolve(checkpoint + ending) === output) &&
      'checkpoint and what is kept beside it must be other files than the output',
  ]);
}
