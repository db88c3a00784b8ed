import type { Command } from 'commander';
import { cxoneDataExtraction } from '../../batch/index.ts';
import { CONTACTS_DEFAULTS, EXTRACTION_DEFAULTS } from '../../batch/internal.ts';
import { refuse } from '../../core/internal.ts';
import type { CommandContext } from '../command-context.ts';
import { runExportJob } from '../export.ts';
import { addExportFlags, type ExportFlags, outFlag } from '../flags/export-flags.ts';
import { addPeriodFlags } from '../flags/period-flags.ts';
import { addSplitFlags } from '../flags/queue-flags.ts';
import { addConnectionFlags, addLogFlags } from '../flags/run-flags.ts';
import { pageSizeFlag, paramFlag, secretParamFlag, totalToleranceFlag } from '../flags/source-flags.ts';
import { addHelpEnd } from '../help.ts';
import type { Interval } from '../parse.ts';
import { unusedSecretParams } from '../secret-flags.ts';
import type { SourceDescription } from '../sources.ts';
import { VENDOR_VARIABLES } from '../variables.ts';

interface CxoneFlags extends ExportFlags {
  pageSize?: number;
}

interface ContactsFlags extends CxoneFlags {
  apiVersion?: string;
  param?: Record<string, string | string[]>;
  secretParam?: string[];
  totalTolerance?: number;
}

/** Adds the exports of NICE CXone. */
export function addExportCxone(parent: Command, { io, args, setExitCode }: CommandContext): void {
  const { version, pageSize, totalTolerance } = CONTACTS_DEFAULTS;
  const contacts = addPeriodFlags(
    parent
      .command('cxone-completed-contacts')
      .description('Export completed contacts of NICE CXone.')
      .optionsGroup('Required:')
      .addOption(outFlag()),
  )
    .optionsGroup('Query:')
    .addOption(paramFlag())
    .addOption(secretParamFlag())
    .addOption(pageSizeFlag(`records per page (default: ${pageSize})`))
    .addOption(totalToleranceFlag(totalTolerance))
    .option('--api-version <version>', `version of the API (default: ${version})`);
  addLogFlags(addSplitFlags(addExportFlags(addConnectionFlags(contacts), VENDOR_VARIABLES.cxone.rate)));
  addHelpEnd(contacts, {
    examples: [
      `export cxone-completed-contacts --out january.jsonl.gz \\
    --interval 2026-01-01/2026-02-01`,
      `export cxone-completed-contacts --out january.csv \\
    --columns contactId --interval 2026-01-01T00:00-06:00/2026-02-01T00:00-06:00`,
    ],
    vendors: ['cxone'],
    redis: true,
    postgres: true,
  }).action(async (flags: ContactsFlags) => {
    const { apiVersion: version, pageSize, param: params, secretParam: secretParams, totalTolerance } = flags;
    const options = { version, pageSize, params, secretParams, totalTolerance };
    const source = (): SourceDescription => {
      refuse('--secret-param', unusedSecretParams(secretParams, Object.keys(params ?? {}), '--param'));
      return { source: 'cxone-completed-contacts', options };
    };
    const name = 'export cxone-completed-contacts';
    setExitCode(await runExportJob(io, { name, args, flags, vendor: 'cxone', source, id: 'contactId' }));
  });

  const extraction = addPeriodFlags(
    parent
      .command('cxone-data-extraction')
      .description('Export the file of a data extraction job of NICE CXone.')
      .optionsGroup('Required:')
      .requiredOption('--entity <name>', 'entity to extract, such as recording-interaction-metadata')
      .addOption(outFlag()),
  )
    .optionsGroup('Query:')
    .option('--entity-version <version>', 'version of the entity, if the API requires one')
    .option(
      '--id <column>',
      'column with a unique value in each row; required to continue with a new job if the job expires',
    )
    .addOption(pageSizeFlag(`records per page (default: ${EXTRACTION_DEFAULTS.pageSize})`));
  addLogFlags(addExportFlags(addConnectionFlags(extraction), VENDOR_VARIABLES.cxone.rate));
  addHelpEnd(extraction, {
    examples: [
      `export cxone-data-extraction --out january.csv \\
    --entity recording-interaction-metadata --interval 2026-01-01/2026-01-31`,
      `export cxone-data-extraction --out january.jsonl.gz \\
    --entity recording-interaction-metadata --interval 2026-01-01/2026-01-31 \\
    --env cxone.env`,
    ],
    vendors: ['cxone'],
    postgres: true,
  }).action(async (flags: CxoneFlags & { entity: string; entityVersion?: string; id?: string }) => {
    const { entity: entityName, entityVersion: version, id, pageSize } = flags;
    const source = ({ start: startDate, end: endDate }: Interval) =>
      cxoneDataExtraction({ entityName, version, startDate, endDate, id, pageSize });
    const name = 'export cxone-data-extraction';
    setExitCode(await runExportJob(io, { name, args, flags, vendor: 'cxone', source, id: id ?? null }));
  });
}
