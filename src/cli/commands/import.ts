import type { Command } from 'commander';
import { genesysContactList, genesysExternalContacts } from '../../batch/index.ts';
import type { CommandContext } from '../command-context.ts';
import { addImportFlags, addImportHelp, addRecordFlags, type ImportFlags } from '../flags/import-flags.ts';
import { runImport } from '../import.ts';
import { addImportPages } from './import-pages.ts';

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
  addImportHelp(contacts, [contactsExample, rejectsExample], ['genesys']).action(
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
  const rejectExample = `${peopleExample} \\
    --on-bad-record reject`;
  addImportHelp(people, [peopleExample, rejectExample], ['genesys']).action(
    (flags: ImportFlags & { keepsIds?: true }) =>
      runImport(context, 'import genesys-external-contacts', flags, () =>
        genesysExternalContacts({ keepsIds: flags.keepsIds }),
      ),
  );
  addImportPages(parent, context);
}
