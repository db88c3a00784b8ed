import { resolve } from 'node:path';
import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import type { Progress } from '../progress.ts';
import { RUN_OPTIONS, type RunOptions, runProblems } from '../run-options.ts';
import { guardTarget, targetProblems } from './guard-target.ts';
import type { RecordInput } from './input.ts';
import { type MaxRejects, maxRejectsProblem } from './reject-limit.ts';
import type { ImportTarget } from './target.ts';

/** Progress of an import. `records` counts accepted, rejected and unresolved records, `pages` counts batches. */
export interface ImportProgress extends Progress {
  /** Records that the API accepted. */
  readonly accepted: number;
  /** Records in the rejects file, because they are invalid or the API refused them. */
  readonly rejected: number;
  /** Records in the unresolved file, because the API may or may not have accepted them. */
  readonly unresolved: number;
}

export const IMPORT_DEFAULTS = { concurrency: 1, onBadRecord: 'stop', retries: 3, baseDelay: 1000 } as const;

/** Options of `importRecords`. Durations are in milliseconds. */
export interface ImportOptions extends Omit<RunOptions, 'onProgress'> {
  input: RecordInput;
  target: ImportTarget;
  /** The checkpoint file. @default the input's `path` with `.import.checkpoint` appended */
  checkpoint?: string | undefined;
  /** The JSON Lines file of rejected records, with reasons. @default the input's `path` with `.rejects.jsonl` appended */
  rejects?: string | undefined;
  /** The JSON Lines file of records with an unknown outcome. @default the input's `path` with `.unresolved.jsonl` appended */
  unresolved?: string | undefined;
  /** Maximum number of records per request. @default the target's limit */
  batchRecords?: number | undefined;
  /** Maximum bytes of records per request, as JSON before the target shapes them. @default 1_000_000, at most the target's limit */
  batchBytes?: number | undefined;
  /** Number of concurrent requests. With more than one, records can arrive out of input order. @default 1 */
  concurrency?: number | undefined;
  /**
   * What to do with a record that cannot be read, such as a CSV row with too many fields: `stop` ends the import before the record,
   * so that you can fix the line and resume; `reject` writes the record to the rejects file.
   * @default 'stop'
   */
  onBadRecord?: 'stop' | 'reject' | undefined;
  /** How often a record is sent again if it has an id, or if the API surely did not accept it. @default 3 */
  retries?: number | undefined;
  /**
   * Maximum number of rejected records, or a share of the records processed so far, such as '5%'. With more, the import stops. Rejected
   * records of earlier runs count. A share applies from 100 records on, and at the end of the input. `Infinity`: no limit, and the import
   * does not stop either if the API refuses all of the first records for one reason.
   * @default 1000 or 5 %, whichever is more
   */
  maxRejects?: MaxRejects | undefined;
  /**
   * Sends the records of an unresolved file that have no id. The API may already have stored them, and then has them twice.
   * @default false
   */
  sendAgain?: boolean | undefined;
  /** Delay before a record is first sent again; doubles each time. @default 1000 */
  baseDelay?: number | undefined;
  /** Called with the progress after each change. An error that it throws ends the run. */
  onProgress?: ((progress: ImportProgress) => void) | undefined;
}

/** The files of an import. */
export interface ImportPaths {
  checkpoint: string;
  journal: string;
  rejects: string;
  unresolved: string;
}

/** Returns the files of an import. */
export function importPaths({
  input,
  ...options
}: Pick<ImportOptions, 'input' | 'checkpoint' | 'rejects' | 'unresolved'>): ImportPaths {
  const checkpoint = options.checkpoint ?? `${input.path}.import.checkpoint`;
  return {
    checkpoint,
    journal: `${checkpoint}.journal`,
    rejects: options.rejects ?? `${input.path}.rejects.jsonl`,
    unresolved: options.unresolved ?? `${input.path}.unresolved.jsonl`,
  };
}

const OPTIONS: OptionTable<ImportOptions> = {
  ...RUN_OPTIONS,
  input: 'any',
  target: 'any',
  checkpoint: 'string',
  rejects: 'string',
  unresolved: 'string',
  batchRecords: 'any',
  batchBytes: 'any',
  concurrency: 'any',
  onBadRecord: 'any',
  retries: 'number',
  maxRejects: 'any',
  sendAgain: 'boolean',
  baseDelay: 'number',
};

/**
 * Returns the checked options.
 *
 * @param what the function that received the options. `checkImport` needs no `api`.
 * @throws ConfigurationError that lists every invalid option.
 */
export function checkImportOptions<Options extends Partial<ImportOptions>>(
  given: Options,
  what: 'importRecords' | 'checkImport' = 'importRecords',
): Options {
  const [options, problems] = readOptions<Partial<ImportOptions>>(given, OPTIONS);
  const {
    input,
    target,
    batchRecords = 1,
    batchBytes = 1,
    concurrency = IMPORT_DEFAULTS.concurrency,
    onBadRecord = IMPORT_DEFAULTS.onBadRecord,
  } = options;
  const files = input
    ? [input.path, ...Object.values(importPaths({ ...options, input }))].map((path) => resolve(path))
    : [];
  refuse(what, [
    ...(what === 'importRecords' ? runProblems(options) : []),
    typeof input?.read !== 'function' && 'input must be a record input, such as jsonLinesInput(...)',
    ...targetProblems(target),
    new Set(files).size < files.length && 'input, checkpoint, rejects and unresolved must be different files',
    !(batchRecords >= 1) && 'batchRecords must be 1 or more',
    !(batchBytes >= 1) && 'batchBytes must be 1 or more',
    !(concurrency >= 1) && 'concurrency must be 1 or more',
    maxRejectsProblem(options.maxRejects),
    !['stop', 'reject'].includes(onBadRecord) && "onBadRecord must be 'stop' or 'reject'",
    ...problems,
  ]);
  return { ...(options as Options), target: guardTarget(target as ImportTarget) };
}

/** Returns the limits of a batch. */
export function batchLimits({
  target: { maxRecords, maxBytes = Number.POSITIVE_INFINITY },
  batchRecords = maxRecords,
  batchBytes = Math.min(1_000_000, maxBytes),
}: Pick<ImportOptions, 'target' | 'batchRecords' | 'batchBytes'>) {
  return { maxRecords: Math.min(batchRecords, maxRecords), maxBytes: Math.min(batchBytes, maxBytes) };
}
