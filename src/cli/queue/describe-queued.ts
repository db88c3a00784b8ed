import { refuse } from '../../core/internal.ts';
import { isPostgresUrl } from '../../postgres/internal.ts';
import { withoutDate } from '../days/day-output.ts';
import type { ExportJob } from '../export-job.ts';
import { refuseUnusedFlags } from '../flags/flag-rules.ts';
import { outputFormat } from '../output.ts';
import type { SourceDescription } from '../sources.ts';

/** The name of an export in the queue, and the description of its source. */
export interface Described {
  /** With `--since` and `--days`, the date of each day is added. */
  readonly name: string;
  readonly description: SourceDescription;
}

/** Checks the flags of an export for a queue, and describes the export. @throws ConfigurationError */
export function describeQueued({ args, flags, source: sourceFor }: ExportJob): Described {
  const { out, merge, interval, days, reread = 0 } = flags;
  const [start = '', end = ''] = days?.list[0]?.interval.split('/') ?? [];
  const source = sourceFor(interval ?? { start, end });
  refuseUnusedFlags(args, flags);
  refuse('--queue', [
    (!(interval ?? days) || 'read' in source) &&
      'this export cannot be split: use genesys-conversations without --tutorial-form, genesys-conversation-jobs or cxone-completed-contacts',
    out === '-' && '--out must be a file in the --directory of the workers, not standard output',
    isPostgresUrl(out) &&
      '--out must be a file in the --directory of the workers: export to Postgres without --queue',
    out !== '-' &&
      out.startsWith('/') &&
      `--out must be relative to the --directory of the workers: remove the leading / from ${out}`,
  ]);
  const format = outputFormat(flags);
  refuse('--queue', [
    merge === false &&
      flags.keepParts &&
      '--keep-parts cannot be combined with --no-merge, which always keeps the parts',
    merge === false &&
      format !== 'jsonl' &&
      `--no-merge writes JSON Lines: choose an --out that ends in .jsonl instead of ${out}`,
    merge === false && reread > 0 && '--reread cannot be combined with --no-merge, because it replaces files',
  ]);
  const fileName = days ? withoutDate(out) : out;
  const name = flags.name ?? fileName.replace(/[^\w.-]+/g, '_').replace(/^[^a-z\d]+/i, '');
  refuse('--name', [name === '' && `cannot be derived from ${out}; set a name of letters and digits`]);
  return { name, description: source as SourceDescription };
}
