import { isAxiosError } from 'axios';
import type { Clock } from '../../core/index.ts';
import {
  isWhole,
  type OptionTable,
  readOptions,
  refuse,
  systemClock,
  waitForRetry,
} from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { CsvRow } from './csv-rows.ts';
import { checkExtraction, createExtraction, type ExtractionResult } from './data-extraction-job.ts';
import { isJobId, readExpiringJob } from './expiring-job.ts';
import { EXTRACTION_FILE, type ExtractionFile, openExtractionFile } from './extraction-file.ts';
import { checkDates } from './interval.ts';
import type { JsonMembers } from './member-path.ts';
import { POLL_OPTIONS, type PollOptions } from './poll.ts';
import { readAhead } from './read-ahead.ts';
import { requiredStart } from './required-start.ts';
import { savedCursor } from './saved-cursor.ts';
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
  /**
   * The column with the time at which a row began, in ISO 8601 with a zone. `exportDays` then writes a row only to the day in which it began. A
   * row without such a time ends the export.
   * @default none
   */
  startedAt?: string | undefined;
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
};

const NAME = 'cxone-data-extraction';
const WHAT = 'the data extraction job';
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
  const { startedAt, idleTimeout = 60_000 } = own;
  const body = { ...query, entityName, ...(version !== undefined && { version }), startDate, endDate };

  function pages(context: SourceContext, from: State | undefined): AsyncGenerator<Page<CsvRow>> {
    let file: ExtractionFile | undefined;
    let failures = 0;

    async function read(
      { job, rows: skip }: State,
      result: ExtractionResult,
    ): Promise<Page<CsvRow> | 'check'> {
      try {
        file ??= await openExtractionFile(context, result, { skip, id, idleTimeout });
        const { rows: items, isLast } = await file.read(pageSize);
        failures = 0;
        return isLast ? { items } : { items, next: { job, rows: skip + items.length } };
      } catch (error) {
        file = undefined;
        if (context.signal.aborted || error instanceof BatchError) throw error;
        if (++failures >= MAX_READS) throw downloadFailed(error);
        await waitForRetry(context, READ_DELAY, failures - 1);
        // The next status response has a new URL, because the signature of the old one may have expired.
        return 'check';
      }
    }

    const kind = {
      what: WHAT,
      advice: 'Check entityName and the dates',
      create: async (): Promise<State> => ({ job: await createExtraction(context, body), rows: 0 }),
      check: (job: string) => checkExtraction(context, job),
      read,
      onExpired(state: State) {
        if (state.rows > 0 && id === undefined) throw expiredWithoutId(state);
      },
      close: async () => file?.close(),
    };
    return readExpiringJob(context, own, kind, from);
  }

  return {
    name: NAME,
    query: {
      ...body,
      ...(id !== undefined && { id }),
      ...(startedAt !== undefined && { startedAt }),
    },
    ...(id !== undefined && { identify: (row: CsvRow) => row[id] }),
    ...(startedAt !== undefined && {
      startedAt: (row: CsvRow) => requiredStart(row[startedAt], EXTRACTION_FILE, `the column ${startedAt}`),
    }),
    read(context) {
      const from = savedCursor<State>(NAME, context.from, ({ job, rows }) => isJobId(job) && isWhole(rows));
      return readAhead(pages(context, from), context.readAhead);
    },
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
  startedAt: 'string',
  pageSize: 'any',
  idleTimeout: 'number',
  clock: 'object',
};

function check(given: CxoneDataExtractionOptions): CxoneDataExtractionOptions {
  const [options, problems] = readOptions(given, OPTIONS);
  const { entityName, startDate, endDate, query = {}, id, startedAt } = options;
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
    startedAt === '' && 'startedAt must be the name of a column',
    !(Number.isInteger(pageSize) && pageSize > 0) && 'pageSize must be a whole number above 0',
    ...problems,
  ]);
  return options;
}

function downloadFailed(error: unknown): BatchError {
  const outcome = isAxiosError(error) && error.response ? `returned ${error.response.status}` : 'broke off';
  const { message = '' } = Object(error) as { message?: string };
  return new BatchError(
    `${EXTRACTION_FILE} ${outcome} ${MAX_READS} times in a row (${message}). The rows so far are saved. Run the same export again to resume.`,
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
