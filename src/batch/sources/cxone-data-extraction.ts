import { isAxiosError } from 'axios';
import type { Clock } from '../../core/index.ts';
import { numberProblems, refuse, systemClock, waitForRetry } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { unexpected } from './answer.ts';
import { type CsvRow, readCsvRows } from './csv-rows.ts';
import { createExtraction, type ExtractionResult, lookAtExtraction } from './data-extraction-job.ts';
import { readExpiringJob } from './expiring-job.ts';
import { openForeignFile } from './foreign-file.ts';
import { checkDates } from './interval.ts';
import type { JsonMembers } from './member-path.ts';
import type { PollOptions } from './poll.ts';
import { readAhead } from './read-ahead.ts';
import type { Page, PageSource, SourceContext } from './source.ts';

/** Options of {@link cxoneDataExtraction}. Durations are in milliseconds. */
export interface CxoneDataExtractionOptions extends PollOptions {
  /** What is extracted, such as `recording-interaction-metadata`. */
  entityName: string;
  /** Of the entity, where the API asks for it. */
  version?: string | undefined;
  /** ISO 8601, sent as it stands here. */
  startDate: string;
  /** ISO 8601, sent as it stands here. It must be over. */
  endDate: string;
  /** Further members of the job's body. */
  query?: JsonMembers | undefined;
  /**
   * The column that tells a row from all others. With it a job that expires can be created again in the middle of its file.
   * @default rows cannot be told apart
   */
  id?: string | undefined;
  /** Rows a page. @default 1000 */
  pageSize?: number | undefined;
  /** The longest time without a byte of the file. @default 60_000 */
  idleTimeout?: number | undefined;
  /** Says what is over. @default the machine's clock */
  clock?: Clock | undefined;
}

export const DEFAULTS = { pageSize: 1000 } as const;

/** Where an export is. */
type State = {
  readonly job: string;
  /** How many rows of its file are done. */
  readonly rows: number;
  /** The file of a job before this one gave rows. */
  readonly mayRepeat: boolean;
};

const WHAT = 'the data extraction job';
const FILE = "the data extraction job's file";
const OWN_MEMBERS = ['entityName', 'version', 'startDate', 'endDate'];
// Of one file, in a row, without a page from it.
const MAX_READS = 4;
const READ_DELAY = 1000;

/**
 * Reads what a data extraction job of NICE CXone extracts: it is created and waited for, and its CSV file is read as it comes, each
 * row an object of texts. The file is on another host; nothing of the instance is sent there.
 *
 * A file that breaks off is read again, up to where it was. A job that expired is created again, where `id` names a
 * column, or nothing was written yet.
 *
 * @throws ConfigurationError that lists everything wrong.
 * @example
 * cxoneDataExtraction({ entityName: 'recording-interaction-metadata', startDate: '2026-01-01', endDate: '2026-01-31' })
 */
export function cxoneDataExtraction(options: CxoneDataExtractionOptions): PageSource<CsvRow> {
  check(options);
  const { entityName, version, startDate, endDate, query = {}, id, pageSize = DEFAULTS.pageSize } = options;
  const { idleTimeout = 60_000 } = options;
  const body = { ...query, entityName, ...(version !== undefined && { version }), startDate, endDate };

  /** The rows of a file behind those that are done, page by page. */
  async function* readFile(context: SourceContext, url: string, from: State): AsyncGenerator<Page<CsvRow>> {
    const { data: stream, headers } = await openForeignFile(context, url, FILE);
    const rows = readCsvRows(stream, {
      asked: FILE,
      idleTimeout,
      endsUnmarked: !('content-length' in headers || 'transfer-encoding' in headers),
      clock: context.clock,
      onHeader: (names) => {
        if (id === undefined || names.includes(id)) return;
        throw unexpected(FILE, `has no column ${JSON.stringify(id)}, which id names`);
      },
    });
    let done = 0;
    let items: CsvRow[] = [];
    const page = () => ({ items, mayRepeat: from.mayRepeat, next: { ...from, rows: done } });
    for await (const row of rows) {
      // Not before the row behind it has come: the last page has to say that it is the last.
      if (items.length === pageSize) {
        yield page();
        items = [];
      }
      done++;
      if (id !== undefined && !row[id])
        throw unexpected(FILE, `has no ${id}, which id names, in row ${done + 1}`);
      if (done > from.rows) items.push(row);
    }
    if (done < from.rows) throw unexpected(FILE, `has ${done} rows now, but had ${from.rows} before`);
    yield { items, mayRepeat: from.mayRepeat };
  }

  const pages = (context: SourceContext) =>
    readExpiringJob<State, ExtractionResult, CsvRow>(context, options, {
      what: WHAT,
      advice: 'Check entityName and the dates',
      create: async (mayRepeat) => ({ job: await createExtraction(context, body), rows: 0, mayRepeat }),
      look: (job) => lookAtExtraction(context, job),
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
            if (reads >= MAX_READS) throw brokenOff(error);
          }
          await waitForRetry(context, READ_DELAY, reads - 1);
        }
        if (at.rows > 0 && id === undefined) throw indistinct(at);
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

function check(options: CxoneDataExtractionOptions): void {
  const { entityName, startDate, endDate, query = {}, id } = options ?? {};
  const { pageSize = DEFAULTS.pageSize, clock = systemClock } = options ?? {};
  const [start, end] = [
    { name: 'startDate', date: startDate },
    { name: 'endDate', date: endDate },
  ] as const;
  refuse('cxoneDataExtraction', [
    !(typeof entityName === 'string' && entityName) && 'entityName must say what is extracted',
    checkDates(start, end, clock.now()),
    ...OWN_MEMBERS.map((name) => name in query && `query.${name} is an option of its own`),
    id === '' && 'id must be the name of a column',
    !(Number.isInteger(pageSize) && pageSize > 0) && 'pageSize must be a whole number above 0',
    ...numberProblems(options ?? {}, ['pollDelay', 'maxPollDelay', 'maxWait', 'idleTimeout']),
  ]);
}

function brokenOff(error: unknown): BatchError {
  const said =
    isAxiosError(error) && error.response ? `was answered with ${error.response.status}` : 'broke off';
  const { message = '' } = Object(error) as { message?: string };
  return new BatchError(
    `${FILE} ${said} ${MAX_READS} times in a row (${message}). What was read of it is kept: run the same again.`,
    'ERR_REQUEST',
    // Without a cause: the URL in it has a signature, which is a key to the file.
  );
}

function indistinct({ job, rows }: State): BatchError {
  return new BatchError(
    `${WHAT} ${job} expired when ${rows} rows of its file were read. The rows of another job cannot be told from them, ` +
      'unless a column does: begin anew (restart), and name it (id) if there is one.',
    'ERR_JOB',
    { resumable: false },
  );
}
