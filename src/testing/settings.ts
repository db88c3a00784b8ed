import { randomBytes } from 'node:crypto';
import { type Problem, readOptions, refuse } from '../core/internal.ts';
import { DAY, HOUR, parseInterval } from './iso-time.ts';
import { JOB_OPTIONS, LATENESS_OPTIONS, OPTIONS, type SimulatorOptions } from './options.ts';
import type { Lateness, TimelineSettings } from './timeline.ts';
import type { DetailsJobState } from './wire-types.ts';

/** The options of a simulator with their defaults. */
export interface Settings {
  seed: number;
  records: number;
  start: number;
  end: number;
  timeline: TimelineSettings;
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
  /** The time at which the data are read: `Infinity` without a clock of the data. */
  dataNow: () => number;
  tutorialForms: boolean;
  maxInterval: number;
  maxPageSize: number;
  maxResults: number;
  intervalMatching: 'activity' | 'day' | 'start';
  jobPolls: number;
  jobLifetime: number;
  jobOutcome: (n: number) => DetailsJobState;
  /** Returns the time up to which jobs have data. */
  availability: () => number;
  bulkFailures: number;
  maxContacts: number;
  requestLog: number;
  /** Distinguishes the tokens of this simulator from those of other simulators with the same seed. */
  salt: string;
}

export const DEFAULTS = {
  seed: 1,
  records: 1000,
  interval: '2023-10-01T00:00:00.000Z/2023-10-08T00:00:00.000Z',
  genesysLifetime: 86_400,
  cxoneLifetime: 3_600,
} as const;

/** Checks the options, and adds the defaults. @throws ConfigurationError that lists every problem. */
export function resolveOptions(given: SimulatorOptions): Settings {
  const [options, problems] = readOptions(given, OPTIONS);
  const [jobs, jobProblems] = readOptions(options.jobs, JOB_OPTIONS, 'jobs.');
  const { records = DEFAULTS.records } = options;
  const interval = parseInterval(String(options.interval ?? DEFAULTS.interval));
  const { start = 0, end = 0 } = interval ?? {};
  const { dataClock, longConversations = 0 } = options;
  const dataNow = () => dataClock?.now() ?? Number.POSITIVE_INFINITY;
  const lastDate = dataClock ? Number.POSITIVE_INFINITY : end;
  const availability = jobs.availability === undefined ? lastDate : Date.parse(jobs.availability);
  const [lateChanges, changeProblems] = readLateness(options, 'lateChanges');
  const [lateArrivals, arrivalProblems] = readLateness(options, 'lateArrivals');
  refuse('startVendorSimulator', [
    ...problems,
    ...jobProblems,
    ...changeProblems,
    ...arrivalProblems,
    dataClock && typeof dataClock.now !== 'function' && 'dataClock must have the function now',
    longConversations > 1 && `longConversations must be a number from 0 to 1, not ${longConversations}`,
    !interval && `interval must be "start/end" in ISO 8601, not ${options.interval}`,
    Number.isNaN(availability) && `jobs.availability must be an ISO 8601 date, not ${jobs.availability}`,
    (!Number.isSafeInteger(records) || records > 0xffff_ffff) &&
      `records must be a whole number below 2^32, not ${records}`,
  ]);
  return {
    seed: options.seed ?? DEFAULTS.seed,
    records,
    start,
    end,
    timeline: {
      longConversations,
      ...(lateChanges && { lateChanges }),
      ...(lateArrivals && { lateArrivals }),
    },
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
    dataNow,
    tutorialForms: options.tutorialForms ?? true,
    maxInterval: options.maxInterval ?? 7 * DAY,
    maxPageSize: options.maxPageSize ?? 100,
    maxResults: options.maxResults ?? 100_000,
    intervalMatching: options.intervalMatching ?? 'activity',
    jobPolls: jobs.polls ?? 2,
    jobLifetime: jobs.lifetime ?? 7 * DAY,
    jobOutcome: jobs.outcome ?? (() => 'FULFILLED' as const),
    availability: () => Math.min(availability, dataNow() - (jobs.availabilityLag ?? 0)),
    bulkFailures: options.bulkFailures ?? 0,
    maxContacts: options.maxContacts ?? 1000,
    requestLog: options.requestLog ?? 1000,
    salt: randomBytes(9).toString('base64url'),
  };
}

function readLateness(
  options: SimulatorOptions,
  name: 'lateChanges' | 'lateArrivals',
): [Required<Lateness> | undefined, Problem[]] {
  if (options[name] === undefined) return [undefined, []];
  const [{ share, delay = 12 * HOUR }, problems] = readOptions(options[name], LATENESS_OPTIONS, `${name}.`);
  return [
    { share, delay },
    [
      ...problems,
      !(share <= 1) && `${name}.share must be a number from 0 to 1, not ${share}`,
      !options.dataClock && `${name} requires dataClock`,
    ],
  ];
}
