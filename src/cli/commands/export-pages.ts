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
import { addExportFlags, type ExportFlags } from '../flags/export-flags.ts';
import { baseUrlFlag, vendorFlag } from '../flags/run-flags.ts';
import { pageSizeFlag, paramFlag, totalToleranceFlag } from '../flags/source-flags.ts';
import { parseCount, readJsonObject } from '../parse.ts';
import { VENDOR_VARIABLES, type VendorName } from '../variables.ts';

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

/** Exports the pages of any API, described by flags. */
export function addExportPages(parent: Command, { io, args, end }: CommandContext): void {
  const command = parent
    .command('pages')
    .description(
      'Export the pages of any API. A path is the name of a member, or names with dots between them.',
    )
    .requiredOption('--url <url>', "what to ask for: relative to the vendor's API or --base-url, or absolute")
    .requiredOption('--items <path>', "the list of records in an answer; '' for an answer that is the list")
    .option(
      '--page-number [name]',
      `pages have numbers; name of the parameter (default: ${PAGE_NUMBER_DEFAULTS.parameter})`,
    )
    .option(
      '--offset [name]',
      `pages are asked for by records to skip; name of the parameter (default: ${OFFSET_DEFAULTS.skipParameter})`,
    )
    .option('--cursor <path>', 'an answer holds a cursor to the next page')
    .option('--next <path>', 'an answer holds the URL of the next page')
    .addOption(pageSizeFlag('with --page-number or --offset: records in a page'))
    .option(
      '--size-parameter <name>',
      `parameter for --page-size (default: none, for --offset ${OFFSET_DEFAULTS.sizeParameter})`,
    )
    .option(
      '--first-page <n>',
      `with --page-number: the first number (default: ${PAGE_NUMBER_DEFAULTS.first})`,
      parseCount,
    )
    .option('--page-count <path>', 'with --page-number: how many pages there are')
    .option(
      '--cursor-parameter <name>',
      `with --cursor: parameter for the cursor (default: ${CURSOR_DEFAULTS.parameter})`,
    )
    .option('--total <path>', 'how many records there are; fewer in the end are an error')
    .addOption(totalToleranceFlag(PAGED_DEFAULTS.totalTolerance))
    .option('--id <path>', 'the id of a record: one that comes again is left out')
    .option('--absent-at-end', 'where there are no records, the API leaves the list out of its answer')
    .addOption(
      new Option('--empty-status <status>', 'the status that says there are none').choices(['204', '404']),
    )
    .addOption(
      new Option('--method <method>', 'of the request')
        .choices(['get', 'post'])
        .default(PAGED_DEFAULTS.method),
    )
    .addOption(paramFlag())
    .option('--data <file>', 'JSON for the body of a POST')
    .addOption(baseUrlFlag())
    .addOption(vendorFlag());
  addExportFlags(command, VENDOR_VARIABLES.oauth.rate)
    .addHelpText(
      'after',
      `
Examples:
  $ axios-oauth-refresh export pages --url /api/v2/users --items entities \\
      --page-number --page-count pageCount --total total --id id --out users.jsonl
  $ axios-oauth-refresh export pages --base-url https://api.example.com --url /audits --items data \\
      --cursor paging.after --cursor-parameter after --out audits.csv --columns id,actor.name,time
  $ axios-oauth-refresh export pages --url /api/v2/routing/queues --items entities --next nextUri --out -
`,
    )
    .action(async (flags: PagesFlags) => {
      const { vendor, baseUrl, url } = flags;
      const source = () => sourceOf(flags);
      const doubt = (summary: ExportSummary) => doubtOf(flags, summary);
      const name = 'export pages';
      end(await runExportJob(io, { name, args, flags, vendor, baseUrl, url, source, doubt }));
    });
}

/** A wrong path looks like the last page: without a total nothing tells one from the other. */
function doubtOf({ cursor, next, total }: PagesFlags, { pages, records }: ExportSummary) {
  const flag = cursor !== undefined ? `--cursor ${cursor}` : next !== undefined && `--next ${next}`;
  if (!flag || total !== undefined || pages !== 1 || records === 0) return undefined;
  return `there was one page alone, with nothing at ${flag}: if there should be more, correct the path, or name --total`;
}

function sourceOf(flags: PagesFlags): PageSource {
  const { pageNumber, offset, cursor, next, pageSize, sizeParameter, cursorParameter } = flags;
  const ways = { '--page-number': pageNumber, '--offset': offset, '--cursor': cursor, '--next': next };
  const chosen = Object.entries(ways).filter(([, value]) => value !== undefined);
  const numbered = pageNumber !== undefined || offset !== undefined;
  refuse('export pages', [
    chosen.length !== 1 && `give one of ${Object.keys(ways).join(', ')}: how a page leads to the next`,
    !numbered && pageSize !== undefined && '--page-size goes with --page-number or --offset',
    !numbered && sizeParameter !== undefined && '--size-parameter goes with --page-number or --offset',
    pageNumber === undefined && flags.firstPage !== undefined && '--first-page goes with --page-number',
    pageNumber === undefined && flags.pageCount !== undefined && '--page-count goes with --page-number',
    flags.total === undefined && flags.totalTolerance !== undefined && '--total-tolerance goes with --total',
    cursor === undefined && cursorParameter !== undefined && '--cursor-parameter goes with --cursor',
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
