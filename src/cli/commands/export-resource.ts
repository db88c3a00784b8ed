import { type Command, Option } from 'commander';
import {
  type CxoneResourceName,
  cxoneResource,
  type GenesysResourceName,
  genesysResource,
  type PageSource,
  type ResourceOptions,
} from '../../batch/index.ts';
import {
  CONTACTS_DEFAULTS,
  CXONE_RESOURCES,
  GENESYS_RESOURCES,
  type JsonMembers,
  PAGED_DEFAULTS,
  type Resource,
  type ResourceTable,
  recordKey,
  resourceProblem,
} from '../../batch/internal.ts';
import { refuse } from '../../core/internal.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { runExportJob } from '../export.ts';
import { addExportFlags, type ExportFlags, outFlag } from '../flags/export-flags.ts';
import { addPeriodFlags } from '../flags/period-flags.ts';
import { addConnectionFlags, addLogFlags } from '../flags/run-flags.ts';
import { pageSizeFlag, paramFlag, secretParamFlag, totalToleranceFlag } from '../flags/source-flags.ts';
import { addHelpEnd } from '../help.ts';
import { type Interval, readJsonObject } from '../parse.ts';
import { tableOf } from '../postgres-output.ts';
import { unusedSecretParams } from '../secret-flags.ts';
import { VENDOR_VARIABLES } from '../variables.ts';
import { resourceList } from './resource-list.ts';

interface ResourceFlags extends ExportFlags {
  list?: true;
  param?: Record<string, string | string[]>;
  secretParam?: string[];
  query?: string;
  pageSize?: number;
  totalTolerance?: number;
  apiVersion?: string;
}

/** A vendor with a table of resources. */
interface ResourceVendor {
  readonly vendor: 'genesys' | 'cxone';
  readonly label: string;
  readonly table: ResourceTable;
  readonly examples: readonly string[];
  source(name: string, options: ResourceOptions, flags: ResourceFlags): PageSource;
}

const VENDORS: readonly ResourceVendor[] = [
  {
    vendor: 'genesys',
    label: 'Genesys Cloud',
    table: GENESYS_RESOURCES,
    examples: [
      'export genesys users --out users.csv --columns id,name,email',
      `export genesys user-details --out 'users-{date}.jsonl.gz' \\
    --since 2026-01-01`,
      'export genesys --list',
    ],
    source: (name, options) => genesysResource(name as GenesysResourceName, options),
  },
  {
    vendor: 'cxone',
    label: 'NICE CXone',
    table: CXONE_RESOURCES,
    examples: [
      'export cxone agents --out agents.csv --columns agentId,userName,teamId',
      'export cxone skills --out skills.jsonl --param mediaTypeId=4',
      'export cxone --list',
    ],
    source: (name, options, { apiVersion: version }) =>
      cxoneResource(name as CxoneResourceName, { ...options, version }),
  },
];

/** Adds the exports of the resources of each vendor. */
export function addExportResources(parent: Command, context: CommandContext): void {
  for (const vendor of VENDORS) addVendor(parent, context, vendor);
}

function addVendor(parent: Command, { io, args, setExitCode }: CommandContext, own: ResourceVendor): void {
  const { vendor, label, table, examples } = own;
  const names = Object.keys(table);
  const resourceOf = ({ processedArgs: [name] }: Command): Resource | undefined =>
    Object.hasOwn(table, String(name)) ? table[String(name)] : undefined;
  const command = parent
    .command(vendor)
    .description(`Export a resource of ${label}, such as ${names.slice(0, 3).join(', ')}.`)
    .argument('[resource]', `one of ${names.join(', ')}`)
    .optionsGroup('Required:')
    .addOption(outFlag().makeOptionMandatory(false))
    .optionsGroup('Resources:')
    .option('--list', 'print the resources, with their paths and permissions, and exit');
  addPeriodFlags(command, {
    title: 'Dates (one of --interval, --since and --days, for resources with an interval):',
    isRequired: (action) => resourceOf(action)?.interval === true && !action.opts<ResourceFlags>().list,
  });
  command.optionsGroup('Query:').addOption(paramFlag()).addOption(secretParamFlag());
  if (Object.values(table).some(({ query }) => query !== undefined))
    command.addOption(
      new Option('--query <file>', 'JSON file with members of the body, such as filters or metrics'),
    );
  command
    .addOption(pageSizeFlag('records per page (default: see --list)'))
    .addOption(totalToleranceFlag(PAGED_DEFAULTS.totalTolerance));
  if (vendor === 'cxone')
    command.option('--api-version <version>', `version of the API (default: ${CONTACTS_DEFAULTS.version})`);
  addLogFlags(addExportFlags(addConnectionFlags(command), VENDOR_VARIABLES[vendor].rate));
  addHelpEnd(command, { examples, vendors: [vendor], postgres: true }).action(
    async (name: string | undefined, flags: ResourceFlags) => {
      if (flags.list) {
        io.stdout.write(resourceList(table));
        return setExitCode(EXIT.complete);
      }
      const title = `export ${vendor}`;
      const resource = resourceOf(command);
      const id = resource === undefined ? undefined : (recordKey(resource) ?? null);
      refuse(title, [
        name === undefined
          ? `name a resource: ${names.join(', ')}; --list describes them`
          : resourceProblem(table, name),
        flags.out === undefined && '--out is missing: name the output file, or - for standard output',
        id === null &&
          flags.out !== undefined &&
          tableOf(flags.out) !== undefined &&
          `${name} cannot be written to Postgres, because its records have no ID: write a file`,
      ]);
      const period = flags.days?.flag ?? (flags.interval && '--interval');
      refuse(`${title} ${name}`, [
        period !== undefined &&
          !resource?.interval &&
          `${period} has no effect: ${name} has no dates. Remove it`,
      ]);
      const { param: params, secretParam: secretParams, pageSize, totalTolerance, query } = flags;
      const source = ({ start, end }: Interval) => {
        refuse('--secret-param', unusedSecretParams(secretParams, Object.keys(params ?? {}), '--param'));
        const body = query === undefined ? undefined : (readJsonObject('--query', query) as JsonMembers);
        const missing = resource?.query?.required.filter((member) => body?.[member] === undefined) ?? [];
        refuse('--query', [
          missing.length > 0 &&
            `${query ?? 'a JSON file'} must contain ${missing.join(', ')}, which the API requires for ${name}`,
        ]);
        const interval = start === '' ? undefined : `${start}/${end}`;
        const options = { params, secretParams, pageSize, totalTolerance, query: body, interval };
        return own.source(String(name), options, flags);
      };
      setExitCode(await runExportJob(io, { name: `${title} ${name}`, args, flags, vendor, source, id }));
    },
  );
}
