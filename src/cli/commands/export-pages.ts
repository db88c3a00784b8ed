import { type Command, Option } from 'commander';
import type { ExportSummary } from '../../batch/index.ts';
import {
  CURSOR_DEFAULTS,
  OFFSET_DEFAULTS,
  PAGE_NUMBER_DEFAULTS,
  PAGED_DEFAULTS,
} from '../../batch/internal.ts';
import type { CommandContext } from '../command-context.ts';
import { runExportJob } from '../export.ts';
import { addExportFlags, outFlag } from '../flags/export-flags.ts';
import { addApiFlags, addConnectionFlags, addLogFlags } from '../flags/run-flags.ts';
import { pageSizeFlag, paramFlag, secretParamFlag, totalToleranceFlag } from '../flags/source-flags.ts';
import { addHelpEnd } from '../help.ts';
import { parseCount } from '../parse.ts';
import { VENDOR_RATES } from '../variables.ts';
import { type PagesFlags, pagesSource } from './pages-source.ts';

/** Adds the export of any API, which flags describe. */
export function addExportPages(parent: Command, { io, args, setExitCode }: CommandContext): void {
  const command = parent
    .command('pages')
    .description(
      'Export the pages of any API. A path is a field name, or several field names with dots between them; list.0.name and list[0].name both lead into a list.',
    )
    .optionsGroup('Required:')
    .requiredOption(
      '--url <url>',
      "URL of the pages: absolute, or relative to --base-url or to the vendor's API",
    )
    .requiredOption(
      '--items <path>',
      "path of the list of records in a response; '' if the response is the list",
    )
    .addOption(outFlag())
    .optionsGroup('How to get the next page (one of these is required):')
    .option(
      '--page-number [name]',
      `pages have numbers: name of the parameter (default: ${PAGE_NUMBER_DEFAULTS.parameter})`,
    )
    .option(
      '--offset [name]',
      `requests skip records: name of the parameter (default: ${OFFSET_DEFAULTS.skipParameter})`,
    )
    .option('--cursor <path>', 'a response contains a cursor: path of the cursor')
    .option('--next <path>', 'a response contains the URL of the next page: path of the URL')
    .optionsGroup('Details of the pages:')
    .addOption(pageSizeFlag('with --page-number or --offset: records per page'))
    .option(
      '--size-parameter <name>',
      `parameter for --page-size (default: ${OFFSET_DEFAULTS.sizeParameter} with --offset, otherwise none)`,
    )
    .option(
      '--first-page <n>',
      `with --page-number: the first number (default: ${PAGE_NUMBER_DEFAULTS.first})`,
      parseCount,
    )
    .option(
      '--first-offset <n>',
      'with --offset: the number of the first request (default: 0; 1 if the parameter is startIndex)',
      parseCount,
    )
    .option('--page-count <path>', 'with --page-number: path of the number of pages')
    .addOption(
      new Option(
        '--last-page <kind>',
        'with --page-number or --offset: the page before an empty page, or a page with fewer records than --page-size (default: empty)',
      ).choices(['empty', 'short']),
    )
    .option(
      '--cursor-parameter <name>',
      `with --cursor: parameter for the cursor (default: ${CURSOR_DEFAULTS.parameter})`,
    )
    .option(
      '--next-path <path>',
      'with --next: path of the URLs of next pages, such as /scroll (default: the path of --url)',
    )
    .option('--total <path>', 'path of the total number of records; the export fails if records are missing')
    .addOption(totalToleranceFlag(PAGED_DEFAULTS.totalTolerance))
    .option('--id <path>', 'path of the ID of a record, to drop records that the API returns twice')
    .option('--absent-at-end', 'the API omits the list if there are no records')
    .addOption(
      new Option('--empty-status <status>', 'status of a response without records').choices(['204', '404']),
    )
    .option('--no-exact-numbers', 'round numbers to the precision of JavaScript, which is faster')
    .optionsGroup('Request:')
    .addOption(
      new Option('--method <method>', 'HTTP method').choices(['get', 'post']).default(PAGED_DEFAULTS.method),
    )
    .addOption(paramFlag())
    .addOption(secretParamFlag())
    .option('--data <file>', 'JSON file with the body of a POST')
    .addOption(
      new Option(
        '--in <place>',
        'where to put the paging parameters (default: query for get, body for post)',
      ).choices(['query', 'body']),
    );
  addApiFlags(addConnectionFlags(command));
  addLogFlags(addExportFlags(command, VENDOR_RATES));
  addHelpEnd(command, {
    examples: [
      `export pages --url /api/v2/users --items entities \\
    --page-number --page-count pageCount --total total --id id --out users.jsonl`,
      `export pages --base-url https://api.example.com \\
    --url /audits --items data --cursor paging.after \\
    --cursor-parameter after --out audits.csv`,
    ],
    postgres: true,
  }).action(async (flags: PagesFlags) => {
    const { vendor, baseUrl, url } = flags;
    const source = () => pagesSource(flags);
    const warningFor = (summary: ExportSummary) => singlePageWarning(flags, summary);
    const name = 'export pages';
    setExitCode(
      await runExportJob(io, {
        name,
        args,
        flags,
        vendor,
        baseUrl,
        url,
        source,
        warningFor,
        id: flags.id ?? null,
      }),
    );
  });
}

/** Returns a warning if the export may be too short: without a total, a wrong path looks like the last page. */
function singlePageWarning({ cursor, next, total }: PagesFlags, { pages, records }: ExportSummary) {
  const flag = cursor !== undefined ? `--cursor ${cursor}` : next !== undefined && `--next ${next}`;
  if (!flag || total !== undefined || pages !== 1 || records === 0) return undefined;
  return `the export has a single page, which has no value at ${flag}; if there are more pages, fix the path or set --total`;
}
