import { randomBytes } from 'node:crypto';
import type { Faults } from './faults.ts';
import { DAY } from './iso-time.ts';
import type { DetailsJobState } from './wire-types.ts';

/** What can be chosen when a simulator is started; everything has a default. */
export interface SimulatorOptions {
  /** Decides the data and the faults. Default 1. */
  seed?: number;
  /** How many conversations there are; millions cost no memory. Default 1000. */
  records?: number;
  /** ISO 8601 `start/end` of the data. Default the seven days from 2023-10-01, where the tutorial's query looks. */
  interval?: string;
  clientId?: string;
  clientSecret?: string;
  /** CXone access key; both halves end in `====`, as real ones do. */
  accessKeyId?: string;
  accessKeySecret?: string;
  /** The CXone tenant, a claim of its access tokens. */
  tenantId?: string;
  /** Seconds. Default 86400 for Genesys, 3600 for CXone. */
  tokenLifetime?: number;
  /** Seconds. Default: a refresh token does not expire. */
  refreshTokenLifetime?: number;
  /** Milliseconds before each answer of a token endpoint. Default 0. */
  tokenDelay?: number;
  /** Milliseconds before each answer of the APIs. Default 0. */
  pageDelay?: number;
  /** After every so many authorised API requests all tokens issued so far are revoked. Default: never. */
  revokeEvery?: number;
  /** Faults of the APIs. */
  faults?: Faults;
  /** Faults of the token endpoints. */
  tokenFaults?: Faults;
  /** Port to listen on. Default 0: the system chooses a free one. */
  port?: number;
  /** Address to listen on. Default 127.0.0.1: nobody but this machine. */
  host?: string;
  /** The time for token lifetimes and jobs, in epoch milliseconds. Default the system's. */
  clock?: { now(): number };
  /** Accept the tutorial's forms: `/oauth2/token`, `dateFrom` and `size` in the details query. Default true. */
  tutorialForms?: boolean;
  /** Longest interval of a details query, milliseconds. Default 7 days. */
  maxInterval?: number;
  /** Largest page of a details query. Default 100. */
  maxPageSize?: number;
  /** How far a details query can be paged. Default 100000. */
  maxResults?: number;
  /**
   * What a details query returns. `activity`: conversations that were active in the interval and started on a UTC
   * day it touches. `day`: all that started on a UTC day it touches. `start`: those that started inside it, so
   * that adjacent intervals never repeat a record. Default `activity`.
   */
  intervalMatching?: 'activity' | 'day' | 'start';
  /** Details jobs and data extraction jobs. */
  jobs?: {
    /** How often a job says that it is not ready. Default 2. */
    polls?: number;
    /** Milliseconds from submission to expiry. Default 7 days. */
    lifetime?: number;
    /** How the n-th job ends, n from 1. Default: FULFILLED. */
    outcome?: (n: number) => Extract<DetailsJobState, 'FULFILLED' | 'FAILED' | 'CANCELLED'>;
    /** ISO 8601 date up to which jobs have data. Default: the end of the data. */
    availability?: string;
  };
  /** Chance that an entity of a bulk call fails, 0 to 1, seeded. Default 0. */
  bulkFailures?: number;
  /** Largest contact import in one call. Default 1000. */
  maxContacts?: number;
  /** How many of the last requests `requests` holds. Default 1000. */
  requestLog?: number;
}

/** The options with every default filled in. */
export interface Settings {
  seed: number;
  records: number;
  start: number;
  end: number;
  clientId: string;
  clientSecret: string;
  accessKeyId: string;
  accessKeySecret: string;
  tenantId: string;
  genesysLifetime: number;
  cxoneLifetime: number;
  refreshTokenLifetime: number;
  tokenDelay: number;
  pageDelay: number;
  revokeEvery: number;
  port: number;
  host: string;
  now: () => number;
  tutorialForms: boolean;
  maxInterval: number;
  maxPageSize: number;
  maxResults: number;
  intervalMatching: 'activity' | 'day' | 'start';
  jobPolls: number;
  jobLifetime: number;
  jobOutcome: (n: number) => DetailsJobState;
  availability: number;
  bulkFailures: number;
  maxContacts: number;
  requestLog: number;
  /** Makes the tokens of this simulator different from those of any other, whatever the seed. */
  salt: string;
}

export const DEFAULTS = {
  seed: 1,
  records: 1000,
  interval: '2023-10-01T00:00:00.000Z/2023-10-08T00:00:00.000Z',
  genesysLifetime: 86_400,
  cxoneLifetime: 3_600,
} as const;

/** Fills in the defaults. @throws RangeError when a number or an interval makes no sense. */
export function resolveOptions(options: SimulatorOptions): Settings {
  const interval = parseInterval(options.interval ?? DEFAULTS.interval);
  if (!interval) throw new RangeError(`interval must be "start/end" in ISO 8601, got ${options.interval}`);
  const availability = options.jobs?.availability ? Date.parse(options.jobs.availability) : interval.end;
  const settings = {
    seed: options.seed ?? DEFAULTS.seed,
    records: options.records ?? DEFAULTS.records,
    ...interval,
    clientId: options.clientId ?? '6f1a2b3c-0d4e-4f5a-8b6c-7d8e9f0a1b2c',
    clientSecret: options.clientSecret ?? 'sim/Secret+with=signs~and:colon',
    accessKeyId: options.accessKeyId ?? 'SIMULATEDACCESSKEYID234567====',
    accessKeySecret: options.accessKeySecret ?? 'SIMULATEDACCESSKEYSECRET234567====',
    tenantId: options.tenantId ?? '11eb5a50-1c2d-4e3f-9a4b-0242ac110003',
    genesysLifetime: options.tokenLifetime ?? DEFAULTS.genesysLifetime,
    cxoneLifetime: options.tokenLifetime ?? DEFAULTS.cxoneLifetime,
    refreshTokenLifetime: options.refreshTokenLifetime ?? Number.POSITIVE_INFINITY,
    tokenDelay: options.tokenDelay ?? 0,
    pageDelay: options.pageDelay ?? 0,
    revokeEvery: options.revokeEvery ?? Number.POSITIVE_INFINITY,
    port: options.port ?? 0,
    host: options.host ?? '127.0.0.1',
    now: () => (options.clock ?? Date).now(),
    tutorialForms: options.tutorialForms ?? true,
    maxInterval: options.maxInterval ?? 7 * DAY,
    maxPageSize: options.maxPageSize ?? 100,
    maxResults: options.maxResults ?? 100_000,
    intervalMatching: options.intervalMatching ?? 'activity',
    jobPolls: options.jobs?.polls ?? 2,
    jobLifetime: options.jobs?.lifetime ?? 7 * DAY,
    jobOutcome: options.jobs?.outcome ?? (() => 'FULFILLED' as const),
    availability,
    bulkFailures: options.bulkFailures ?? 0,
    maxContacts: options.maxContacts ?? 1000,
    requestLog: options.requestLog ?? 1000,
    salt: randomBytes(9).toString('base64url'),
  } satisfies Settings;
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === 'number' && !(value >= 0)) throw new RangeError(`${name} must not be ${value}`);
  }
  if (!Number.isSafeInteger(settings.records) || settings.records > 0xffff_ffff) {
    throw new RangeError(`records must be a whole number below 2^32, got ${settings.records}`);
  }
  return settings;
}

/** Reads an ISO 8601 interval `start/end`; undefined when it is none or does not go forward. */
export function parseInterval(text: string): { start: number; end: number } | undefined {
  const [from, to, more] = text.split('/');
  if (from === undefined || to === undefined || more !== undefined) return undefined;
  const start = parseTime(from);
  const end = parseTime(to);
  return start !== undefined && end !== undefined && start < end ? { start, end } : undefined;
}

const ISO_TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Reads an ISO 8601 time; without a zone it is UTC, as the vendors read it. */
export function parseTime(text: string): number | undefined {
  const match = ISO_TIME.exec(text);
  if (!match) return undefined;
  const time = Date.parse(match[1] === undefined || match[4] !== undefined ? text : `${text}Z`);
  return Number.isNaN(time) ? undefined : time;
}
