import type { ExportSummary, PageSource } from '../batch/index.ts';
import type { ExportFlags } from './flags/export-flags.ts';
import type { Interval } from './parse.ts';
import type { RecordKey } from './postgres-output.ts';
import { type SourceDescription, sourceOf } from './sources.ts';
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
  source: (interval: Interval) => PageSource | SourceDescription;
  /** The paths that identify a record, for records other than conversations; null if the records have no known id. */
  id?: RecordKey | null | undefined;
  /** Returns a warning about a complete export. */
  warningFor?: ((summary: ExportSummary) => string | undefined) | undefined;
}

/** Creates the source of an interval `start/end`, or of an export without an interval. @throws ConfigurationError */
export function createSource({ source }: Pick<ExportJob, 'source'>, interval = '/'): PageSource {
  const [start = '', end = ''] = interval.split('/');
  const created = source({ start, end });
  return 'read' in created ? created : sourceOf(created, interval);
}
