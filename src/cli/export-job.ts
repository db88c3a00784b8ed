import type { ExportSummary, PageSource } from '../batch/index.ts';
import type { ExportFlags } from './flags/export-flags.ts';
import type { SourceDescription } from './sources.ts';
import type { VendorName } from './variables.ts';

/** An export that a command describes. */
export interface ExportJob {
  name: string;
  args: readonly string[];
  flags: ExportFlags;
  vendor?: VendorName | undefined;
  baseUrl?: string | undefined;
  /** The URL of the request, if it can need a base URL. */
  url?: string | undefined;
  /** Creates the source, or its description if workers can create it. An error is a usage error. */
  source: () => PageSource | SourceDescription;
  /** Returns a warning about a complete export. */
  warningFor?: ((summary: ExportSummary) => string | undefined) | undefined;
}
