import { type Command, Option } from 'commander';
import {
  cursorSource,
  type ExportSummary,
  linkSource,
  offsetSource,
  type PageSource,
  pageNumberSource,
} from '../../batch/index.ts';
import {
  CURSOR_DEFAULTS,
  type JsonMembers,
  OFFSET_DEFAULTS,
  PAGE_NUMBER_DEFAULTS,
  PAGED_DEFAULTS,
} from '../../batch/internal.ts';
import { refuse } from '../../core/internal.ts';
import type { CommandContext } from '../command-context.ts';
import { runExportJob } from '../export.ts';
import { addExportFlags, type ExportFlags, outFlag } from '../flags/export-flags.ts';
import { addConnectionFlags, addLogFlags, baseUrlFlag, vendorFlag } from '../flags/run-flags.ts';
import { pageSizeFlag, paramFlag, totalToleranceFlag } from '../flags/source-flags.ts';
import { addHelpEnd } from '../help.ts';
import { parseCount, readJsonObject } from '../parse.ts';
import { VENDOR_RATES, type VendorName } from '../variables.ts';

interface PagesFlags extends ExportFlags {
  vendor?: VendorName;
  baseUrl?: string;
  url: string;
  method: 'get' | 'post';
  param?: Record<string, string>;
  data?: string;
  items: string;
  id?: string;
  total?: string;
  totalTolerance?: number;
  absentAtEnd?: true;
  emptyStatus?: '204' | '404';
  pageNumber?: string | true;
  offset?: string | true;
  cursor?: string;
  next?: string;
  cursorParameter?: string;
  pageSize?: number;
  sizeParameter?: string;
  firstPage?: number;
  pageCount?: string;
}

/** Adds the export of any API, which flags describe. */
export function addExportPages(parent: Command, { io, args, setExitCode }: CommandContext): void {
  const command = parent
    .command('pages')
    .description(
      'Export the pages of any API. A path is a field name, or several field names with dots between them.',
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
    .option('--page-count <path>', 'with --page-number: path of the number of pages')
    .option(
      '--cursor-parameter <name>',
      `with --cursor: parameter for the cursor (default: ${CURSOR_DEFAULTS.parameter})`,
    )
    .option('--total <path>', 'path of the total number of records; the export fails if records are missing')
    .addOption(totalToleranceFlag(PAGED_DEFAULTS.totalTolerance))
    .option('--id <path>', 'path of the ID of a record, to drop records that the API returns twice')
    .option('--absent-at-end', 'the API omits the list if there are no records')
    .addOption(
      new Option('--empty-status <status>', 'status of a response without records').choices(['204', '404']),
    )
    .optionsGroup('Request:')
    .addOption(
      new Option('--method <method>', 'HTTP method').choices(['get', 'post']).default(PAGED_DEFAULTS.method),
    )
    .addOption(paramFlag())
    .option('--data <file>', 'JSON file with the body of a POST');
  addConnectionFlags(command).addOption(vendorFlag()).addOption(baseUrlFlag());
  addLogFlags(addExportFlags(command, VENDOR_RATES));
  addHelpEnd(command, {
    examples: [
      `export pages --url /api/v2/users --items entities \\
    --page-number --page-count pageCount --total total --id id --out users.jsonl`,
      `export pages --base-url https://api.example.com \\
    --url /audits --items data --cursor paging.after \\
    --cursor-parameter after --out audits.csv`,
    ],
  }).action(async (flags: PagesFlags) => {
    const { vendor, baseUrl, url } = flags;
    const source = () => sourceOf(flags);
    const warningFor = (summary: ExportSummary) => singlePageWarning(flags, summary);
    const name = 'export pages';
    setExitCode(await runExportJob(io, { name, args, flags, vendor, baseUrl, url, source, warningFor }));
  });
}

/** Returns a warning if the export may be too short: without a total, a wrong path looks like the last page. */
function singlePageWarning({ cursor, next, total }: PagesFlags, { pages, records }: ExportSummary) {
  const flag = cursor !== undefined ? `--cursor ${cursor}` : next !== undefined && `--next ${next}`;
  if (!flag || total !== undefined || pages !== 1 || records === 0) return undefined;
  return `the export has a single page, which has no value at ${flag}; if there are more pages, fix the path or set --total`;
}

function sourceOf(flags: PagesFlags): PageSource {
  const { pageNumber, offset, cursor, next, pageSize, sizeParameter, cursorParameter } = flags;
  const ways = { '--page-number': pageNumber, '--offset': offset, '--cursor': cursor, '--next': next };
  const chosen = Object.entries(ways).filter(([, value]) => value !== undefined);
  const numbered = pageNumber !== undefined || offset !== undefined;
  refuse('export pages', [
    chosen.length === 0 && `set one of ${Object.keys(ways).join(', ')}`,
    chosen.length > 1 && `set only one of ${chosen.map(([flag]) => flag).join(', ')}`,
    !numbered && pageSize !== undefined && '--page-size requires --page-number or --offset',
    !numbered && sizeParameter !== undefined && '--size-parameter requires --page-number or --offset',
    pageNumber === undefined && flags.firstPage !== undefined && '--first-page requires --page-number',
    pageNumber === undefined && flags.pageCount !== undefined && '--page-count requires --page-number',
    flags.total === undefined && flags.totalTolerance !== undefined && '--total-tolerance requires --total',
    cursor === undefined && cursorParameter !== undefined && '--cursor-parameter requires --cursor',
  ]);
  const { method, url, param: params, items, id, total, totalTolerance, emptyStatus } = flags;
  const shared = {
    method,
    url,
    params,
    items,
    id,
    total,
    totalTolerance,
    data: flags.data === undefined ? undefined : (readJsonObject('--data', flags.data) as JsonMembers),
    emptyPage: flags.absentAtEnd && ('absent' as const),
    emptyStatus: emptyStatus === '204' ? (204 as const) : emptyStatus && (404 as const),
  };
  if (cursor !== undefined) return cursorSource({ ...shared, cursor, parameter: cursorParameter });
  if (next !== undefined) return linkSource({ ...shared, next });
  const name = (value: string | true | undefined) => (value === true ? undefined : value);
  if (offset !== undefined) {
    return offsetSource({ ...shared, skipParameter: name(offset), sizeParameter, pageSize });
  }
  const { firstPage: first, pageCount } = flags;
  return pageNumberSource({
    ...shared,
    parameter: name(pageNumber),
    sizeParameter,
    pageSize,
    first,
    pageCount,
  });
}
