import { type Command, Option } from 'commander';
import {
  cursorSource,
  type ExportSummary,
  linkSource,
  offsetSource,
  type PageSource,
  pageNumberSource,
} from '../../batch/index.ts';
import type { JsonMembers } from '../../batch/internal.ts';
import { refuse } from '../../core/internal.ts';
import type { CommandContext } from '../command-context.ts';
import { VENDORS, type VendorName } from '../connection.ts';
import { addExportFlags, runExportJob } from '../export.ts';
import type { ExportFlags } from '../export-job.ts';
import { parseCount, parsePair, parseShare, readJsonObject } from '../parse.ts';

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
    .option('--page-number [name]', 'pages have numbers; the parameter that takes them (default: pageNumber)')
    .option('--offset [name]', 'pages are asked for by records to skip; the parameter (default: skip)')
    .option('--cursor <path>', 'an answer holds a cursor to the next page')
    .option('--next <path>', 'an answer holds the URL of the next page')
    .option('--page-size <n>', 'with --page-number or --offset: records in a page', parseCount)
    .option('--size-parameter <name>', 'the parameter that takes it (default: none, for --offset top)')
    .option('--first-page <n>', 'with --page-number: the first number (default: 1)', parseCount)
    .option('--page-count <path>', 'with --page-number: how many pages there are')
    .option('--cursor-parameter <name>', 'with --cursor: the parameter that takes it (default: cursor)')
    .option('--total <path>', 'how many records there are; fewer in the end are an error')
    .option('--total-tolerance <share>', 'of the total that may be missing (default: 0)', parseShare)
    .option('--id <path>', 'the id of a record: one that comes again is left out')
    .option('--absent-at-end', 'where there are no records, the API leaves the list out of its answer')
    .addOption(
      new Option('--empty-status <status>', 'the status that says there are none').choices(['204', '404']),
    )
    .addOption(new Option('--method <method>', 'of the request').choices(['get', 'post']).default('get'))
    .option('--param <name=value>', 'of the query; may be given several times', parsePair)
    .option('--data <file>', 'JSON for the body of a POST')
    .option('--base-url <url>', "of the API (default: the vendor's)")
    .addOption(
      new Option('--vendor <vendor>', 'whose credentials, where those of several are set').choices(VENDORS),
    );
  addExportFlags(command, 'none')
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
    pastEnd: flags.absentAtEnd && ('absent' as const),
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
