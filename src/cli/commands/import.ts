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
import { refuse } from '../../core/internal.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { addRunFlags, type RunFlags } from '../flags/run-flags.ts';
import { runJob } from '../job.ts';
import { parseCount } from '../parse.ts';
import { count, counted, duration } from '../reporter/words.ts';
import { resumeCommand } from '../resume.ts';
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

/** Sends the records of a file to an API. */
export function addImport(program: Command, context: CommandContext): void {
  const parent = program.command('import').description('Send the records of a file to an API.');

  addImportFlags(
    parent
      .command('genesys-contacts')
      .description('Add contacts to an outbound contact list of Genesys Cloud.')
      .requiredOption('--list <id>', 'id of the contact list')
      .option('--id-field <name>', 'the field that holds the id of a contact: then nothing can arrive twice')
      .option('--priority', 'these contacts are dialled first'),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ axios-oauth-refresh import genesys-contacts --list 3f1a... --in contacts.csv --id-field customerId
  $ axios-oauth-refresh import genesys-contacts --list 3f1a... --in contacts.csv.rejects.jsonl

A record is a contact as the API has it, or flat: then it is the contact's data.
${FILES_HELP}`,
    )
    .action((flags: ImportFlags & { list: string; idField?: string; priority?: true }) =>
      runImport(context, 'import genesys-contacts', flags, () =>
        genesysContactList({ listId: flags.list, idField: flags.idField, priority: flags.priority }),
      ),
    );

  addImportFlags(
    parent
      .command('genesys-external-contacts')
      .description('Add external contacts of Genesys Cloud.')
      .option('--keeps-ids', 'the organization takes a contact with the id of one it has for the same'),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ axios-oauth-refresh import genesys-external-contacts --in people.jsonl
${FILES_HELP}`,
    )
    .action((flags: ImportFlags & { keepsIds?: true }) =>
      runImport(context, 'import genesys-external-contacts', flags, () =>
        genesysExternalContacts({ keepsIds: flags.keepsIds }),
      ),
    );
}

const FILES_HELP = `
What the API refuses goes to FILE.rejects.jsonl with the reason; what it may or may not have taken (an answer was lost,
and the record has no id) to FILE.unresolved.jsonl. Both can be fed in again. If there are any, the exit code is 6.
`;

function addImportFlags(command: Command): Command {
  const { concurrency, onBadRecord } = IMPORT_DEFAULTS;
  command
    .requiredOption('--in <file>', 'the file to read')
    .addOption(
      new Option('--format <format>', 'of the file (default: by its name)').choices(['jsonl', 'csv']),
    )
    .option(
      '--delimiter <character>',
      `between the fields of a CSV (default: "${CSV_INPUT_DEFAULTS.delimiter}")`,
    )
    .option('--batch-size <n>', 'records in one request (default: as many as the API takes)', parseCount)
    .option(
      '--concurrency <n>',
      `requests at a time; more than 1 can change the order (default: ${concurrency})`,
      parseCount,
    )
    .addOption(
      new Option(
        '--on-bad-record <what>',
        `what to do with a record that cannot be read (default: ${onBadRecord})`,
      ).choices(['stop', 'reject']),
    )
    .option('--rejects <file>', 'where to write what is refused (default: beside the file)')
    .option('--unresolved <file>', 'where to write what may have been taken (default: beside the file)');
  return addRunFlags(command, VENDOR_VARIABLES.genesys.rate);
}

async function runImport(
  { io, args, end }: CommandContext,
  name: string,
  flags: ImportFlags,
  target: () => ImportTarget,
): Promise<void> {
  const { checkpoint, concurrency, onBadRecord, rejects, unresolved, batchSize: batchRecords } = flags;
  const code = await runJob(io, {
    name,
    flags,
    vendor: 'genesys',
    file: flags.in,
    resume: resumeCommand(args, io.env),
    prepare() {
      const parts = { input: inputOf(flags), target: target() };
      const own = { checkpoint, concurrency, onBadRecord, rejects, unresolved, batchRecords };
      return async (run) => {
        const summary = await importRecords({ ...run, ...own, ...parts });
        const open = summary.rejected + summary.unresolved;
        return { message: inWords(summary), summary, exitCode: open > 0 ? EXIT.partial : EXIT.complete };
      };
    },
  });
  end(code);
}

function inputOf({ in: path, format, delimiter }: ImportFlags): RecordInput {
  const chosen = format ?? formatOf(path) ?? 'jsonl';
  refuse('--in', [
    path === '-' && 'an import that is resumed reads its input again: save it to a file first',
    chosen.endsWith('.gz') && 'unpack it first: an import reads jsonl and csv',
    delimiter !== undefined && chosen !== 'csv' && `--delimiter goes with csv, not with ${chosen}`,
  ]);
  return chosen === 'csv' ? csvInput(path, { delimiter }) : jsonLinesInput(path);
}

function inWords(summary: ImportSummary): string {
  const { accepted, rejected, unresolved, elapsed, alreadyComplete, rejects, unresolvedRecords } = summary;
  return [
    alreadyComplete
      ? `complete already: ${count(accepted)} accepted; --restart sends all of it again`
      : `complete: ${counted(accepted, 'record')} accepted in ${duration(elapsed)}`,
    rejects !== undefined && `${count(rejected)} rejected, see ${rejects}`,
    unresolvedRecords !== undefined &&
      `${count(unresolved)} may or may not have arrived, see ${unresolvedRecords}`,
  ]
    .filter(Boolean)
    .join('; ');
}
