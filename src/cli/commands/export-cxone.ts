import type { Command } from 'commander';
import { cxoneDataExtraction } from '../../batch/index.ts';
import { CONTACTS_DEFAULTS, EXTRACTION_DEFAULTS } from '../../batch/internal.ts';
import type { CommandContext } from '../command-context.ts';
import { runExportJob } from '../export.ts';
import { addExportFlags, type ExportFlags } from '../flags/export-flags.ts';
import { addSplitFlags } from '../flags/queue-flags.ts';
import { intervalFlag, pageSizeFlag, paramFlag, totalToleranceFlag } from '../flags/source-flags.ts';
import type { Interval } from '../parse.ts';
import type { SourceDescription } from '../sources.ts';
import { VENDOR_VARIABLES } from '../variables.ts';

interface CxoneFlags extends ExportFlags {
  interval: Interval;
  pageSize?: number;
}

interface ContactsFlags extends CxoneFlags {
  apiVersion?: string;
  param?: Record<string, string>;
  totalTolerance?: number;
}

/** Exports completed contacts and extracted data of NICE CXone. */
export function addExportCxone(parent: Command, { io, args, end }: CommandContext): void {
  const { version, pageSize, totalTolerance } = CONTACTS_DEFAULTS;
  const contacts = parent
    .command('cxone-completed-contacts')
    .description('Export completed contacts of NICE CXone.')
    .option('--api-version <version>', `version of the API (default: ${version})`)
    .addOption(paramFlag())
    .addOption(totalToleranceFlag(totalTolerance));
  addSplitFlags(addCxoneFlags(contacts, pageSize))
    .addHelpText(
      'after',
      `
Examples:
  $ axios-oauth-refresh export cxone-completed-contacts --interval 2026-01-01T00:00Z/2026-02-01T00:00Z \\
      --out january.jsonl
`,
    )
    .action(async (flags: ContactsFlags) => {
      const { apiVersion: version, pageSize, param: params, totalTolerance } = flags;
      const options = { version, pageSize, params, totalTolerance };
      const source = (): SourceDescription => ({ source: 'cxone-completed-contacts', options });
      const name = 'export cxone-completed-contacts';
      end(await runExportJob(io, { name, args, flags, vendor: 'cxone', source }));
    });

  const extraction = parent
    .command('cxone-data-extraction')
    .description('Export what a data extraction job of NICE CXone extracts.')
    .requiredOption('--entity <name>', 'what is extracted, such as recording-interaction-metadata')
    .option('--entity-version <version>', 'of the entity, where the API asks for it')
    .option('--id <column>', 'what tells rows apart: then an expired job can be created again in mid-file');
  addCxoneFlags(extraction, EXTRACTION_DEFAULTS.pageSize)
    .addHelpText(
      'after',
      `
Examples:
  $ axios-oauth-refresh export cxone-data-extraction --entity recording-interaction-metadata \\
      --interval 2026-01-01/2026-01-31 --out january.csv
`,
    )
    .action(async (flags: CxoneFlags & { entity: string; entityVersion?: string; id?: string }) => {
      const { entity: entityName, entityVersion: version, id, interval, pageSize } = flags;
      const [startDate, endDate] = [interval.start, interval.end];
      const source = () => cxoneDataExtraction({ entityName, version, startDate, endDate, id, pageSize });
      const name = 'export cxone-data-extraction';
      end(await runExportJob(io, { name, args, flags, vendor: 'cxone', source }));
    });
}

function addCxoneFlags(command: Command, pageSize: number): Command {
  command.addOption(intervalFlag()).addOption(pageSizeFlag(`records in a page (default: ${pageSize})`));
  return addExportFlags(command, VENDOR_VARIABLES.cxone.rate);
}
