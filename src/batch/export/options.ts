import { resolve } from 'node:path';
import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import type { CheckpointStore } from '../checkpoint-store.ts';
import { RUN_OPTIONS, type RunOptions, runProblems } from '../run-options.ts';
import type { Sink } from '../sinks/sink.ts';
import type { PageSource } from '../sources/source.ts';

export const EXPORT_DEFAULTS = { readAhead: 6, checkpointInterval: 1000 } as const;

/** Options of `exportRecords`. Durations are in milliseconds. */
export interface ExportOptions<Item = unknown> extends RunOptions {
  source: PageSource<Item>;
  sink: Sink<Item>;
  /**
   * The checkpoint file or store; `false` for none, and then the export cannot be resumed.
   * @default the checkpoint of the sink, or the sink's `path` plus `.checkpoint`; none if the sink has neither
   */
  checkpoint?: string | CheckpointStore | false | undefined;
  /** The minimum time between two checkpoints; 0 saves one after each page. @default 1000 */
  checkpointInterval?: number | undefined;
  /** How many pages are requested ahead of writing, or in parallel if the API allows it. @default 6 */
  readAhead?: number | undefined;
}

const OPTIONS: OptionTable<ExportOptions> = {
  ...RUN_OPTIONS,
  source: 'any',
  sink: 'any',
  checkpoint: 'any',
  checkpointInterval: 'number',
  readAhead: 'number',
};

/** Returns the checked options. @throws ConfigurationError that lists all invalid options. */
export function checkExportOptions<Item>(given: ExportOptions<Item>): ExportOptions<Item> {
  const [options, problems] = readOptions<ExportOptions<Item>>(given, OPTIONS);
  const { source, sink, checkpoint } = options;
  const output = sink?.path === undefined ? undefined : resolve(sink.path);
  refuse('exportRecords', [
    ...runProblems(options),
    typeof source?.read !== 'function' && 'source must be a page source, such as genesysConversations(...)',
    typeof sink?.open !== 'function' && 'sink must be a sink, such as jsonLinesFile(...)',
    typeof checkpoint === 'object' &&
      !(typeof checkpoint.load === 'function' && typeof checkpoint.save === 'function') &&
      'checkpoint must be a file name, or a store with load and save',
    // Such a sink writes nothing before its checkpoint is saved.
    checkpoint !== undefined &&
      sink?.checkpoint !== undefined &&
      checkpoint !== sink.checkpoint &&
      'checkpoint must be omitted, because the sink saves the checkpoint together with the records',
    // Otherwise the checkpoint would overwrite the records.
    typeof checkpoint === 'string' &&
      checkpoint !== '' &&
      ['', '.journal', '.lock'].some((ending) => resolve(checkpoint + ending) === output) &&
      'the checkpoint, its .journal and its .lock must be different files from the output',
    ...problems,
  ]);
  return options;
}
