import { isAxiosError } from 'axios';
import type { Clock } from '../../core/index.ts';
import { type OptionTable, readOptions, refuse, systemClock, waitForRetry } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { unexpected } from './answer.ts';
import { type CsvRow, readCsvRows } from './csv-rows.ts';
import { checkExtraction, createExtraction, type ExtractionResult } from './data-extraction-job.ts';
import { readExpiringJob } from './expiring-job.ts';
import { openForeignFile } from './foreign-file.ts';
import { checkDates } from './interval.ts';
import type { JsonMembers } from './member-path.ts';
import { POLL_OPTIONS, type PollOptions } from './poll.ts';
import { readAhead } from './read-ahead.ts';
import type { Page, PageSource, SourceContext } from './source.ts';

/** Options of {@link cxoneDataExtraction}. Durations are in milliseconds. */
export interface CxoneDataExtractionOptions extends PollOptions {
  /** The entity to extract, such as `recording-interaction-metadata`. */
  entityName: string;
  /** Version of the entity, if the API requires one. */
  version?: string | undefined;
  /** ISO 8601, sent unchanged. */
  startDate: string;
  /** ISO 8601, sent unchanged. It must be in the past. */
  endDate: string;
  /** Further members of the request that creates the job. */
  query?: JsonMembers | undefined;
  /**
   * The column with a unique value in each row. If set, an export can continue after its job expires in the middle of the file.
   * @default none
   */
  id?: string | undefined;
  /** Rows per page. @default 1000 */
  pageSize?: number | undefined;
  /** The maximum time without data of the file. @default 60_000 */
  idleTimeout?: number | undefined;
  /** Determines the current time. @default the system clock */
  clock?: Clock | undefined;
}

export const DEFAULTS = { pageSize: 1000 } as const;

/** The position of an export. */
type State = {
  readonly job: string;
  /** How many rows of the file were written. */
  readonly rows: number;
  /** Rows from the file of an earlier job were written. */
  readonly mayRepeat: boolean;
};

const WHAT = 'the data extraction job';
const FILE = "the data extraction job's file";
const OWN_MEMBERS = ['entityName', 'version', 'startDate', 'endDate'];
// Downloads of one file in a row that yield no page.
const MAX_READS = 4;
const READ_DELAY = 1000;

/**
 * Reads the result of a NICE CXone data extraction job. The source creates a job, waits for it, and streams its CSV file. Each row
 * is an object of strings. The file is on another host, which gets no header or credentials of the instance.
 *
 * If the download breaks off, the source downloads the file again and skips the written rows. If the job expires, the
 * source creates a new one, provided that `id` names a column or that no row was written yet.
 *
 * @throws ConfigurationError that lists all invalid options.
 * @example
 * cxoneDataExtraction({ entityName: 'recording-interaction-metadata', startDate: '2026-01-01', endDate: '2026-01-31' })
 */
export function cxoneDataExtraction(options: CxoneDataExtractionOptions): PageSource<CsvRow> {
  const own = check(options);
  const { entityName, version, startDate, endDate, query = {}, id, pageSize = DEFAULTS.pageSize } = own;
  const { idleTimeout = 60_000 } = own;
  const body = { ...query, entityName, ...(version !== undefined && { version }), startDate, endDate };

  /** Reads the rows of a file after the written ones, page by page. */
  async function* readFile(context: SourceContext, url: string, from: State): AsyncGenerator<Page<CsvRow>> {
    const { data: stream, headers } = await openForeignFile(context, url, FILE);
    const rows = readCsvRows(stream, {
      label: FILE,
      idleTimeout,
      endsUnmarked: !('content-length' in headers || 'transfer-encoding' in headers),
      clock: context.clock,
      onHeader: (names) => {
        if (id === undefined || names.includes(id)) return;
        throw unexpected(FILE, `has no column ${JSON.stringify(id)}, which the option id names`);
      },
    });
    let done = 0;
    let items: CsvRow[] = [];
    const page = () => ({ items, next: { ...from, rows: done } });
    for await (const row of rows) {
      // Wait for the row after a full page, because the last page must have no `next`.
      if (items.length === pageSize) {
        yield page();
        items = [];
      }
      done++;
      if (id !== undefined && !row[id])
        throw unexpected(FILE, `has no ${id}, which the option id names, in row ${done + 1}`);
      if (done > from.rows) items.push(row);
    }
    if (done < from.rows) throw unexpected(FILE, `has ${done} rows, but had at least ${from.rows} before`);
    yield { items };
  }

  const pages = (context: SourceContext) =>
    readExpiringJob<State, ExtractionResult, CsvRow>(context, own, {
      what: WHAT,
      advice: 'Check entityName and the dates',
      create: async (mayRepeat) => ({ job: await createExtraction(context, body), rows: 0, mayRepeat }),
      check: (job) => checkExtraction(context, job),
      async *read(from, wait) {
        let at = from;
        for (let reads = 1; ; reads++) {
          const end = await wait();
          if (!end) break;
          try {
            for await (const page of readFile(context, end.fileUrl, at)) {
              yield page;
              if (page.next === undefined) return undefined;
              at = page.next as State;
              reads = 1;
            }
          } catch (error) {
            if (context.signal.aborted || error instanceof BatchError) throw error;
            if (reads >= MAX_READS) throw downloadFailed(error);
          }
          await waitForRetry(context, READ_DELAY, reads - 1);
        }
        if (at.rows > 0 && id === undefined) throw expiredWithoutId(at);
        return { records: at.rows - from.rows, mayRepeat: at.mayRepeat || at.rows > 0 };
      },
    });

  return {
    name: 'cxone-data-extraction',
    query: id === undefined ? body : { ...body, id },
    ...(id !== undefined && { identify: (row: CsvRow) => row[id] }),
    read: (context) => readAhead(pages(context), context.readAhead),
  };
}

const OPTIONS: OptionTable<CxoneDataExtractionOptions> = {
  ...POLL_OPTIONS,
  entityName: 'any',
  version: 'string',
  startDate: 'any',
  endDate: 'any',
  query: 'object',
  id: 'string',
  pageSize: 'any',
  idleTimeout: 'number',
  clock: 'object',
};

function check(given: CxoneDataExtractionOptions): CxoneDataExtractionOptions {
  const [options, problems] = readOptions(given, OPTIONS);
  const { entityName, startDate, endDate, query = {}, id } = options;
  const { pageSize = DEFAULTS.pageSize, clock = systemClock } = options;
  const [start, end] = [
    { name: 'startDate', date: startDate },
    { name: 'endDate', date: endDate },
  ] as const;
  refuse('cxoneDataExtraction', [
    !(typeof entityName === 'string' && entityName) && 'entityName must be the name of the entity to extract',
    checkDates(start, end, clock.now()),
    ...OWN_MEMBERS.map((name) => name in query && `query.${name} must be set with the option ${name}`),
    id === '' && 'id must be the name of a column',
    !(Number.isInteger(pageSize) && pageSize > 0) && 'pageSize must be a whole number above 0',
    ...problems,
  ]);
  return options;
}

function downloadFailed(error: unknown): BatchError {
  const outcome = isAxiosError(error) && error.response ? `returned ${error.response.status}` : 'broke off';
  const { message = '' } = Object(error) as { message?: string };
  return new BatchError(
    `${FILE} ${outcome} ${MAX_READS} times in a row (${message}). The rows so far are saved. Run the same export again to resume.`,
    'ERR_REQUEST',
    // No cause, because it contains the signed URL, which gives access to the file.
  );
}

function expiredWithoutId({ job, rows }: State): BatchError {
  return new BatchError(
    `${WHAT} ${job} expired after ${rows} rows of its file were read. A new job returns these rows again, and they cannot be ` +
      'recognised without a unique column. Name such a column (id, --id), if there is one, and set restart (--restart) to start over.',
    'ERR_JOB',
    { resumable: false },
  );
}
