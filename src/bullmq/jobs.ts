import type { AxiosInstance } from 'axios';
import type { Json, PageSource, RunOptions } from '../batch/index.ts';
import type { ExportKeys } from './keys.ts';
import type { Ledger } from './ledger.ts';
import type { PartStore } from './part-store.ts';

/** Options of a worker that its jobs use. */
export interface JobContext {
  readonly api: AxiosInstance;
  readonly directory: string;
  readonly parts: PartStore;
  source(part: Json, common: Json): PageSource | Promise<PageSource>;
  readonly declines?: ((common: Json) => string | undefined) | undefined;
  /** Options of each export. */
  readonly run: Pick<
    RunOptions,
    'tokens' | 'rate' | 'timeout' | 'account' | 'clock' | 'random' | 'maxOutage'
  > & {
    readonly readAhead?: number | undefined;
    readonly checkpointInterval?: number | undefined;
  };
}

/** One job of one export. */
export interface JobOfExport {
  readonly name: string;
  /** Run of the export that the job belongs to. */
  readonly run: string;
  /** Number of the part; undefined for the merge. */
  readonly part?: number | undefined;
  readonly keys: ExportKeys;
  readonly ledger: Ledger;
  readonly signal: AbortSignal;
}
