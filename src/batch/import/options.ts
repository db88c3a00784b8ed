import { resolve } from 'node:path';
import { numberProblems, refuse } from '../../core/internal.ts';
import type { Progress } from '../progress.ts';
import { type RunOptions, runProblems } from '../run-options.ts';
import type { RecordInput } from './input.ts';
import type { ImportTarget } from './target.ts';

/** How far an import is. `records` are those that are settled, `pages` the batches. */
export interface ImportProgress extends Progress {
  /** Records that the API took. */
  readonly accepted: number;
  /** Records that it refused: they are in the rejects file. */
  readonly rejected: number;
  /** Records of which nobody knows whether the API has them: they are in the unresolved file. */
  readonly unresolved: number;
}

export const IMPORT_DEFAULTS = { concurrency: 1, onBadRecord: 'stop', retries: 3, baseDelay: 1000 } as const;

/** Options of `importRecords`. Durations are in milliseconds. */
export interface ImportOptions extends Omit<RunOptions, 'onProgress'> {
  input: RecordInput;
  target: ImportTarget;
  /** The file that keeps how far the import is. @default the input's `path` and `.import.checkpoint` */
  checkpoint?: string | undefined;
  /** JSON Lines of what was refused, with the reason. @default the input's `path` and `.rejects.jsonl` */
  rejects?: string | undefined;
  /** JSON Lines of what may or may not have been taken. @default the input's `path` and `.unresolved.jsonl` */
  unresolved?: string | undefined;
  /** Records in one request. @default as many as the target allows */
  batchRecords?: number | undefined;
  /** Bytes of the records in one request, as JSON before the target shapes them. @default 1_000_000, or what the target allows */
  batchBytes?: number | undefined;
  /** Requests at once. With more than one, records can arrive in another order than that of the input. @default 1 */
  concurrency?: number | undefined;
  /**
   * What becomes of a record that cannot be read, such as a CSV row with too many fields: `stop` ends the import before it, and
   * it goes on when the line was mended; `reject` writes it to the rejects file.
   * @default 'stop'
   */
  onBadRecord?: 'stop' | 'reject' | undefined;
  /** How often records are sent again that may be: those with ids, and those that the API has surely not taken. @default 3 */
  retries?: number | undefined;
  /** The wait before the first of these; it doubles each time. @default 1000 */
  baseDelay?: number | undefined;
  /** Is told how far the run is. What it throws ends the run. */
  onProgress?: ((progress: ImportProgress) => void) | undefined;
}

/** The files of an import. */
export interface ImportPaths {
  checkpoint: string;
  journal: string;
  rejects: string;
  unresolved: string;
}

/** Where an import keeps what. */
export function importPaths({ input, ...options }: ImportOptions): ImportPaths {
  const checkpoint = options.checkpoint ?? `${input.path}.import.checkpoint`;
  return {
    checkpoint,
    journal: `${checkpoint}.journal`,
    rejects: options.rejects ?? `${input.path}.rejects.jsonl`,
    unresolved: options.unresolved ?? `${input.path}.unresolved.jsonl`,
  };
}

/** @throws ConfigurationError that lists everything wrong. */
export function checkImportOptions(options: ImportOptions): void {
  const {
    input,
    target,
    batchRecords = 1,
    batchBytes = 1,
    concurrency = IMPORT_DEFAULTS.concurrency,
    onBadRecord = IMPORT_DEFAULTS.onBadRecord,
  } = options ?? {};
  const files = input
    ? [input.path, ...Object.values(importPaths(options))].map((path) => resolve(path))
    : [];
  refuse('importRecords', [
    ...runProblems({ ...options, onProgress: undefined }),
    typeof input?.read !== 'function' && 'input must be a record input, such as jsonLinesInput(...)',
    typeof target?.request !== 'function' &&
      'target must be an import target, such as genesysContactList(...)',
    new Set(files).size < files.length && 'input, checkpoint, rejects and unresolved must be different files',
    !(batchRecords >= 1) && 'batchRecords must be a number from 1 on',
    !(batchBytes >= 1) && 'batchBytes must be a number from 1 on',
    !(concurrency >= 1) && 'concurrency must be a number from 1 on',
    !['stop', 'reject'].includes(onBadRecord) && "onBadRecord must be 'stop' or 'reject'",
    ...numberProblems(options ?? {}, ['retries', 'baseDelay']),
  ]);
}
