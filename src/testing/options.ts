import type { OptionTable } from '../core/internal.ts';
import type { Faults } from './faults.ts';
import type { Lateness } from './timeline.ts';
import type { DetailsJobState } from './wire-types.ts';

/** Options of {@link startVendorSimulator}. */
export interface SimulatorOptions {
  /** Determines the data and the random faults. @default 1 */
  seed?: number;
  /** The number of conversations. They need no memory. @default 1000 */
  records?: number;
  /** ISO 8601 `start/end` of the data. @default the seven days from 2023-10-01, as in the tutorial */
  interval?: string;
  clientId?: string;
  clientSecret?: string;
  /** CXone access key. ID and secret end with `====`, like real ones. */
  accessKeyId?: string;
  accessKeySecret?: string;
  /** The CXone tenant, which is a claim of CXone access tokens. */
  tenantId?: string;
  /** Lifetime of access tokens in seconds. @default 86400 for Genesys, 3600 for CXone */
  tokenLifetime?: number;
  /** Lifetime of refresh tokens in seconds. @default unlimited */
  refreshTokenLifetime?: number;
  /** Milliseconds before each response of a token endpoint. @default 0 */
  tokenDelay?: number;
  /** Milliseconds before each response of the APIs. @default 0 */
  pageDelay?: number;
  /** The number of API requests with a valid token after which all tokens are revoked, again and again. @default never */
  revokeEvery?: number;
  /** Faults of the APIs. */
  faults?: Faults;
  /** Faults of the token endpoints. */
  tokenFaults?: Faults;
  /** Port to listen on. 0 selects a free port. @default 0 */
  port?: number;
  /** Address to listen on. @default 127.0.0.1 */
  host?: string;
  /** The clock for token lifetimes and jobs, in epoch milliseconds. @default the system clock */
  clock?: { now(): number };
  /**
   * The clock of the data, in epoch milliseconds: the APIs return no conversation that begins later, and a conversation that has not
   * ended lacks its end. Can be the same object as `clock`. @default none: all conversations have ended
   */
  dataClock?: { now(): number };
  /** The share of conversations that last from 1 to 30 hours, 0 to 1. The others last from 1 to 11 minutes. @default 0 */
  longConversations?: number;
  /**
   * Conversations that change after their end: a wrap-up code or a participant is added, or a segment is removed. Requires `dataClock`.
   * @default none
   */
  lateChanges?: Lateness;
  /** Conversations that the APIs return only some time after their start. Requires `dataClock`. @default none */
  lateArrivals?: Lateness;
  /** Whether to accept the forms of the tutorial: `/oauth2/token`, and `dateFrom` and `size` in the details query. @default true */
  tutorialForms?: boolean;
  /** Longest interval of a details query, in milliseconds. @default 7 days */
  maxInterval?: number;
  /** Largest page of a details query. @default 100 */
  maxPageSize?: number;
  /** Number of results after which a details query cannot be paged further. @default 100000 */
  maxResults?: number;
  /**
   * Which conversations a details query returns. `activity`: active in the interval, and started on a UTC day of the interval.
   * `day`: started on a UTC day of the interval. `start`: started in the interval, so that adjacent intervals never repeat a record.
   * @default 'activity'
   */
  intervalMatching?: 'activity' | 'day' | 'start';
  /** Options of details jobs and data extraction jobs. */
  jobs?: {
    /** How often the status of a job is not final. @default 2 */
    polls?: number;
    /** Milliseconds from submission to expiry. @default 7 days */
    lifetime?: number;
    /** Returns the final state of the n-th job, n from 1. @default FULFILLED */
    outcome?: (n: number) => Extract<DetailsJobState, 'FULFILLED' | 'FAILED' | 'CANCELLED'>;
    /** ISO 8601 date up to which jobs have data. @default the end of the data, or `dataClock` */
    availability?: string;
    /** How many milliseconds the data of details jobs are behind `dataClock`. @default 0 */
    availabilityLag?: number;
  };
  /** Probability that an entity of a bulk call fails, 0 to 1. The seed determines which ones. @default 0 */
  bulkFailures?: number;
  /** Largest number of contacts in one import call. @default 1000 */
  maxContacts?: number;
  /** How many requests the log keeps. @default 1000 */
  requestLog?: number;
}

export const OPTIONS: OptionTable<SimulatorOptions> = {
  seed: 'number',
  records: 'number',
  interval: 'string',
  clientId: 'string',
  clientSecret: 'string',
  accessKeyId: 'string',
  accessKeySecret: 'string',
  tenantId: 'string',
  tokenLifetime: 'number',
  refreshTokenLifetime: 'number',
  tokenDelay: 'number',
  pageDelay: 'number',
  revokeEvery: 'number',
  faults: 'any',
  tokenFaults: 'any',
  port: 'number',
  host: 'string',
  clock: 'any',
  dataClock: 'any',
  longConversations: 'number',
  lateChanges: 'object',
  lateArrivals: 'object',
  tutorialForms: 'boolean',
  maxInterval: 'number',
  maxPageSize: 'number',
  maxResults: 'number',
  intervalMatching: 'string',
  jobs: 'object',
  bulkFailures: 'number',
  maxContacts: 'number',
  requestLog: 'number',
};

export const JOB_OPTIONS: OptionTable<NonNullable<SimulatorOptions['jobs']>> = {
  polls: 'number',
  lifetime: 'number',
  outcome: 'function',
  availability: 'string',
  availabilityLag: 'number',
};

export const LATENESS_OPTIONS: OptionTable<Lateness> = { share: 'number', delay: 'number' };
