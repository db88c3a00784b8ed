import { type Command, Option } from 'commander';
import {
  csvInput,
  genesysContactList,
  genesysExternalContacts,
  type ImportSummary,
  type ImportTarget,
  importRecords,
  jsonLinesInput,
  type RecordInput,
} from '../../batch/index.ts';
import { CSV_INPUT_DEFAULTS, formatOf, IMPORT_DEFAULTS } from '../../batch/internal.ts';
import { duration, refuse } from '../../core/internal.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT, EXIT_CODES } from '../exit-code.ts';
import {
  addConnectionFlags,
  addLogFlags,
  addResumeFlags,
  addSpeedFlags,
  type RunFlags,
  rateFlag,
} from '../flags/run-flags.ts';
import { addHelpEnd } from '../help.ts';
import { runJob } from '../job.ts';
import { parseCount } from '../parse.ts';
import { count, counted } from '../reporter/words.ts';
import { VENDOR_VARIABLES } from '../variables.ts';

interface ImportFlags extends RunFlags {
  in: string;
  format?: 'jsonl' | 'csv';
  delimiter?: string;
  batchSize?: number;
  concurrency?: number;
  onBadRecord?: 'stop' | 'reject';
  rejects?: string;
  unresolved?: string;
}

const { [EXIT.warning]: _, ...COMMON_EXIT_CODES } = EXIT_CODES;
const IMPORT_EXIT_CODES = {
  ...COMMON_EXIT_CODES,
  [EXIT.partial]: 'incomplete, or there are rejected or unresolved records',
};

/** Adds the imports. */
export function addImport(program: Command, context: CommandContext): void {
  const parent = program.command('import').description('Import records from a file to an API.');
  const contactsExample = `import genesys-contacts --list 3f1a... --in contacts.csv \\
    --id-field customerId`;
  const peopleExample = 'import genesys-external-contacts --in people.jsonl';
  addImportHelp(parent, [contactsExample, peopleExample]);

  const contacts = parent
    .command('genesys-contacts')
    .description(
      'Add contacts to an outbound contact list of Genesys Cloud. ' +
        'A record is a contact in the form of the API, or only the data of a contact.',
    );
  contacts.optionsGroup('Required:').requiredOption('--list <id>', 'ID of the contact list');
  addImportFlags(
    addRecordFlags(contacts)
      .option('--id-field <name>', 'field with the ID of a contact; prevents duplicates')
      .option('--priority', 'dial these contacts first'),
  );
  const rejectsExample = `import genesys-contacts --list 3f1a... \\
    --in contacts.csv.rejects.jsonl`;
  addImportHelp(contacts, [contactsExample, rejectsExample]).action(
    (flags: ImportFlags & { list: string; idField?: string; priority?: true }) =>
      runImport(context, 'import genesys-contacts', flags, () =>
        genesysContactList({ listId: flags.list, idField: flags.idField, priority: flags.priority }),
      ),
  );

  const people = parent
    .command('genesys-external-contacts')
    .description('Add external contacts of Genesys Cloud.');
  addImportFlags(
    addRecordFlags(people).option(
      '--keeps-ids',
      'the API recognizes a contact by its ID: it is safe to send a contact twice',
    ),
  );
  addImportHelp(people, [
    peopleExample,
    `${peopleExample} \\
    --on-bad-record reject`,
  ]).action((flags: ImportFlags & { keepsIds?: true }) =>
    runImport(context, 'import genesys-external-contacts', flags, () =>
      genesysExternalContacts({ keepsIds: flags.keepsIds }),
    ),
  );
}

function addRecordFlags(command: Command): Command {
  return command
    .optionsGroup('Required:')
    .requiredOption('--in <file>', 'input file')
    .optionsGroup('Records:');
}

function addImportFlags(command: Command): void {
  const { concurrency, onBadRecord } = IMPORT_DEFAULTS;
  const badRecord = `what to do if a record cannot be read (default: ${onBadRecord})`;
  command
    .addOption(new Option('--on-bad-record <what>', badRecord).choices(['stop', 'reject']))
    .option('--rejects <file>', 'file for rejected records (default: IN.rejects.jsonl)')
    .option('--unresolved <file>', 'file for unresolved records (default: IN.unresolved.jsonl)');
  const format = new Option('--format <format>', 'input format (default: from the file name)');
  addConnectionFlags(command)
    .optionsGroup('Input:')
    .addOption(format.choices(['jsonl', 'csv']))
    .option(
      '--delimiter <character>',
      `field separator of a CSV file (default: "${CSV_INPUT_DEFAULTS.delimiter}")`,
    );
  addSpeedFlags(command, rateFlag(VENDOR_VARIABLES.genesys.rate))
    .option('--batch-size <n>', 'records per request (default: as many as the API allows)', parseCount)
    .option(
      '--concurrency <n>',
      `requests at the same time; more than 1 can change the order (default: ${concurrency})`,
      parseCount,
    );
  addLogFlags(addResumeFlags(command, 'IN.import.checkpoint'));
}

function addImportHelp(command: Command, examples: readonly string[]): Command {
  return addHelpEnd(command, {
    examples,
    notes: `Rejected records go to IN.rejects.jsonl, with the reason. Unresolved records,
which the API may or may not have stored, go to IN.unresolved.jsonl. Check and
fix the records in these files, then import each file with --in.`,
    vendors: ['genesys'],
    exitCodes: IMPORT_EXIT_CODES,
  });
}

async function runImport(
  { io, args, setExitCode }: CommandContext,
  name: string,
  flags: ImportFlags,
  target: () => ImportTarget,
): Promise<void> {
  const { checkpoint, concurrency, onBadRecord, rejects, unresolved, batchSize: batchRecords } = flags;
  const code = await runJob(io, {
    name,
    args,
    flags,
    vendor: 'genesys',
    file: flags.in,
    canResume: true,
    prepare() {
      const parts = { input: inputOf(flags), target: target() };
      const own = { checkpoint, concurrency, onBadRecord, rejects, unresolved, batchRecords };
      return async (run) => {
        const summary = await importRecords({ ...run, ...own, ...parts });
        return {
          message: describeResult(summary),
          summary,
          ...outcomeOf(summary),
        };
      };
    },
  });
  setExitCode(code);
}

function inputOf({ in: path, format, delimiter }: ImportFlags): RecordInput {
  const chosen = format ?? formatOf(path) ?? 'jsonl';
  refuse('--in', [
    path === '-' &&
      'must be a file, because a resumed import reads the input again; save standard input to a file',
    chosen === 'jsonl.gz' && `${path} is compressed; decompress the file first`,
    delimiter !== undefined && chosen !== 'csv' && `--delimiter requires the format csv, not ${chosen}`,
  ]);
  return chosen === 'csv' ? csvInput(path, { delimiter }) : jsonLinesInput(path);
}

/** Returns the exit code and what to do. The same command has nothing left to do if the import was complete before. */
function outcomeOf({ rejected, unresolved, alreadyComplete, ...files }: ImportSummary) {
  if (rejected + unresolved === 0) return { exitCode: EXIT.complete };
  const paths = [files.rejects, files.unresolvedRecords].filter((path) => path !== undefined);
  return {
    exitCode: alreadyComplete ? EXIT.permanent : EXIT.partial,
    hint: `fix the records, then import each file: ${paths.map((path) => `--in ${path}`).join(', ')}`,
  };
}

function describeResult(summary: ImportSummary): string {
  const { accepted, rejected, unresolved, elapsed, alreadyComplete, rejects, unresolvedRecords } = summary;
  return [
    alreadyComplete
      ? `already complete: ${counted(accepted, 'record')} accepted; add --restart to send all records again`
      : `complete: ${counted(accepted, 'record')} accepted in ${duration(elapsed)}`,
    rejects !== undefined && `${count(rejected)} rejected, see ${rejects}`,
    unresolvedRecords !== undefined && `${count(unresolved)} unresolved, see ${unresolvedRecords}`,
  ]
    .filter(Boolean)
    .join('; ');
}
