import { type OptionTable, type Problem, readOptions, refuse } from '../../core/internal.ts';
import type { JsonMembers } from './member-path.ts';
import { POLL_OPTIONS, type PollOptions } from './poll.ts';
import { secretNamesProblem } from './secret-params.ts';
import type { PageSource } from './source.ts';

/** The request that creates a job. */
export interface CreateJobOptions {
  /** The URL of a POST. */
  url: string;
  /** Query parameters. */
  params?: JsonMembers | undefined;
  /** Members of the body. */
  data?: JsonMembers | undefined;
  /** Further names of secrets in `url`, `params` and `data`, which the checkpoint must not contain. @default none */
  secretParams?: readonly string[] | undefined;
  /** The path of the job's id in the response, such as `jobId`. */
  id: string;
}

/** The request for the status of a job. */
export interface JobStatusOptions {
  /** The URL of a GET, such as `/jobs/{job}`. `{job}` stands for the id of the job. */
  url: string;
  /** The path of the state in the response, such as `state`. */
  state: string;
  /** The states of a job that still runs. */
  running: readonly string[];
  /** The states of a job whose results can be read. */
  ready: readonly string[];
  /** The states of a job that has failed. */
  failed?: readonly string[] | undefined;
  /** The states of a job whose results are deleted. A response with status 404 or 410 means the same. */
  expired?: readonly string[] | undefined;
  /** The path of the reason for a failure, such as `errorMessage`. @default none */
  message?: string | undefined;
}

/** Options of {@link jobSource}. Durations are in milliseconds. */
export interface JobOptions extends PollOptions {
  /** For messages and checkpoints. @default 'job' */
  name?: string | undefined;
  create: CreateJobOptions;
  status: JobStatusOptions;
  /** Returns the source of the results of a job. The id of the job can be part of a path: it consists of `A-Z a-z 0-9 _ . : -`. */
  results: (job: string) => PageSource;
}

const OPTIONS: OptionTable<JobOptions> = {
  ...POLL_OPTIONS,
  name: 'string',
  create: 'object',
  status: 'object',
  results: 'any',
};

const CREATE: OptionTable<CreateJobOptions> = {
  url: 'any',
  params: 'object',
  data: 'object',
  secretParams: 'array',
  id: 'any',
};

const STATUS: OptionTable<JobStatusOptions> = {
  url: 'any',
  state: 'any',
  running: 'array',
  ready: 'array',
  failed: 'array',
  expired: 'array',
  message: 'string',
};

/** Returns the checked options. @throws ConfigurationError that lists all invalid options. */
export function readJobOptions(given: JobOptions): JobOptions {
  const [own, problems] = readOptions(given, OPTIONS);
  const [create, createProblems] = readOptions(own.create, CREATE, 'create.');
  const [status, statusProblems] = readOptions(own.status, STATUS, 'status.');
  const isText = (value: unknown) => typeof value === 'string' && value !== '';
  refuse('jobSource', [
    !isText(create.url) && 'create.url must be the URL of the POST that creates a job',
    !isText(create.id) && "create.id must be the path of the job's id in the response, such as 'jobId'",
    secretNamesProblem(create.secretParams),
    !(isText(status.url) && status.url.includes('{job}')) &&
      "status.url must contain {job}, which stands for the id of the job, such as '/jobs/{job}'",
    !isText(status.state) && "status.state must be the path of the state, such as 'state'",
    ...stateProblems(status),
    typeof own.results !== 'function' &&
      'results must be a function that returns the source of the results, such as (job) => cursorSource({ … })',
    ...problems,
    ...createProblems,
    ...statusProblems,
  ]);
  return { ...own, create, status };
}

function stateProblems(status: JobStatusOptions): Problem[] {
  const names = ['running', 'ready', 'failed', 'expired'] as const;
  const all = names.flatMap((name) => status[name] ?? []);
  return [
    ...(['running', 'ready'] as const).map(
      (name) => !status[name]?.length && `status.${name} must list the states of a job that is ${name}`,
    ),
    all.some((state) => typeof state !== 'string') && 'the states of status must be strings',
    new Set(all).size < all.length && 'status must list each state once',
  ];
}
