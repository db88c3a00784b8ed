import { BatchError } from '../batch/index.ts';
import { GENESYS_RESOURCES, type ResourceTable } from '../batch/internal.ts';
import { isDatabaseRefusal } from '../postgres/internal.ts';
import { EXIT, type ExitCode, isRedisRefusal, lacksDescriptors } from './exit-code.ts';
import type { RelativePeriod } from './flags/period-flags.ts';
import { OUT_OF_DESCRIPTORS } from './out-of-descriptors.ts';

/** A failure for which a hint is needed. */
interface HintRequest {
  error: unknown;
  exitCode: ExitCode;
  /** Such as `export pages`. */
  command: string;
  /** Whether the run has a checkpoint. */
  canRestart: boolean;
  /** Whether other flags need `--restart`: a queue keeps the flags of an export. */
  keepsFlags?: boolean | undefined;
  /** The dates of the run that have another meaning on another day, if any. */
  relative?: RelativePeriod | undefined;
  /** The date of the day that failed, if the run exports days. */
  day?: string | undefined;
}

/** Returns what to do about a failure. Names the flag that helps if the same command would fail again. */
export function hintFor(request: HintRequest): string | undefined {
  const { error, exitCode } = request;
  if (lacksDescriptors(error)) return OUT_OF_DESCRIPTORS;
  switch (exitCode) {
    case EXIT.authentication:
      return isRedisRefusal(error)
        ? 'set REDIS_USERNAME and REDIS_PASSWORD, or for Sentinel REDIS_SENTINEL_PASSWORD, in the environment or in a file named by --env'
        : isDatabaseRefusal(error)
          ? 'set PGUSER and PGPASSWORD in the environment or in a file named by --env, or use a password file (PGPASSFILE)'
          : 'run `axios-oauth-refresh token` to check the credentials';
    case EXIT.forbidden:
      return `assign the missing role or scope to the OAuth client${permissionHint(request)}; a new assignment can take minutes`;
    case EXIT.rateLimit:
      return isThrottled(error)
        ? 'run the same command after that time, or set a longer --max-outage, such as 2h (with --queue: on the workers)'
        : 'set a lower --rate, such as 100/min, or more --retries (with --queue: on the workers)';
    case EXIT.usage:
      return usageHint(request);
    case EXIT.permanent:
      return permanentHint(request);
    default:
      return undefined;
  }
}

// The message of these errors names --restart, which would start every day over.
const NEED_RESTART = [
  'ERR_OUTPUT_EXISTS',
  'ERR_OUTPUT_SHORT',
  'ERR_CHECKPOINT_DAMAGED',
  'ERR_CHECKPOINT_MISMATCH',
];

function usageHint({ error, relative, day, keepsFlags }: HintRequest): string | undefined {
  if (!(error instanceof BatchError)) return undefined;
  if (day !== undefined && NEED_RESTART.includes(error.code))
    return `leave the day out of --since and --days to keep its files, or ${startOver(day, keepsFlags)}`;
  return error.code === 'ERR_CHECKPOINT_MISMATCH' ? relativeHint(relative) : undefined;
}

/** Explains why the output of `--interval yesterday` belongs to another interval on the next day. */
function relativeHint(relative: RelativePeriod | undefined): string | undefined {
  if (relative?.flag !== '--interval') return undefined;
  const { text, absolute } = relative;
  return (
    `--interval ${text} means ${absolute} today, and the output can belong to an earlier day: choose another --out, or export a file for each ` +
    `day with --days ${text} and an --out that contains {date}`
  );
}

/** Names the permission that an exported resource needs. */
function permissionHint({ command }: HintRequest): string {
  const [, name = ''] = /^export genesys (\S+)$/.exec(command) ?? [];
  const table: ResourceTable = GENESYS_RESOURCES;
  const permissions = (Object.hasOwn(table, name) && table[name]?.permissions) || [];
  return permissions.length === 0 ? '' : `: ${name} needs the permission ${permissions.join(' or ')}`;
}

function isThrottled(error: unknown): boolean {
  return error instanceof BatchError && error.code === 'ERR_THROTTLED';
}

const CHECK_PAGES = 'check --url, --base-url, --param, and the paths in --items and the other flags';

function startOver(day: string | undefined, isQueued = false): string {
  const what =
    day === undefined
      ? 'add --restart to start over'
      : `set --days ${day} --restart to start only this day over`;
  // Workers never replace a file that another export has completed.
  const files = isQueued
    ? 'if the output exists, remove it first'
    : 'the existing files are renamed and kept';
  return `${what}; ${files}`;
}

function permanentHint({ error, command, canRestart, keepsFlags, day }: HintRequest): string {
  const { code, tolerance } = error as Partial<BatchError>;
  const isPages = command === 'export pages';
  if (code === 'ERR_INPUT') {
    // A header, or text that is not UTF-8, cannot be written to the rejects file.
    return 'fix the line and run the same command again; if only a record is wrong, you can add --on-bad-record reject instead';
  }
  if (code === 'ERR_TOO_MANY_REJECTS') {
    return 'fix the cause and run the same command again, or add --max-rejects none to import despite the rejected records';
  }
  // The cause has the SQLSTATE.
  if (code === 'ERR_RECORD' && /^\w{5}$/.test(Object((error as Error).cause).code)) {
    return 'change the table as the message says, and run the same command again';
  }
  if (code === 'ERR_RECORD') {
    return `name all columns with --columns${canRestart && day === undefined ? ' and add --restart' : ''}, or choose an --out that ends in .jsonl`;
  }
  const accept =
    code === 'ERR_TOTAL_MISMATCH' &&
    `add --total-tolerance ${tolerance ?? 'SHARE'}${keepsFlags ? ' and --restart' : ''} to accept the difference`;
  return [
    accept || (isPages ? CHECK_PAGES : 'check the flags of the command'),
    // An import that starts over sends records twice.
    (day !== undefined || (canRestart && !command.startsWith('import'))) && startOver(day, keepsFlags),
  ]
    .filter(Boolean)
    .join(', or ');
}
