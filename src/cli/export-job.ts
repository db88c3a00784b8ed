import type { ExportSummary, PageSource } from '../batch/index.ts';
import type { VendorName } from './connection.ts';
import type { RunFlags } from './flags/run-flags.ts';
import type { Format } from './output.ts';
import type { Interval } from './parse.ts';
import type { SourceDescription } from './sources.ts';

/** Flags that all exports share. */
export interface ExportFlags extends RunFlags {
  out: string;
  format?: Format;
  columns?: string[];
  interval?: Interval;
  /** Give it to workers, and the rest of what only that has. */
  queue?: string;
  queueName?: string;
  parts?: number;
  name?: string;
  merge?: boolean;
  keepParts?: boolean;
  readAhead?: number;
  checkpointInterval?: number;
}

/** An export as its command describes it. */
export interface ExportJob {
  name: string;
  args: readonly string[];
  flags: ExportFlags;
  vendor?: VendorName | undefined;
  baseUrl?: string | undefined;
  /** What is asked for, where it can need a base URL. */
  url?: string | undefined;
  /** Makes the source, or says what it is made of where workers can make it; what it throws is a usage error. */
  source: () => PageSource | SourceDescription;
  /** What should be looked at although the export is complete. */
  doubt?: ((summary: ExportSummary) => string | undefined) | undefined;
}
