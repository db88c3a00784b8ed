import { BatchError } from '../batch/index.ts';
import { messageOf } from '../core/internal.ts';
import { COMMAND_TIMEOUT } from './connection.ts';
import { type ExportDescription, readDescription } from './description.ts';
import { findExports, namesKey, noSuchExport, type QueueJobs } from './export-names.ts';
import { jobId } from './keys.ts';
import { LeftAloneError } from './left-alone-error.ts';
import { type NamedExportOptions, type OpenQueue, withQueue } from './open-queue.ts';
import { createPartFailures } from './part-failures.ts';
import { type PartState, readStates } from './part-state.ts';
import { readFailure, readSummary } from './summary.ts';
import type { QueueOptions } from './worker-options.ts';
import { createWorkerRegistry, type WorkerInfo } from './worker-registry.ts';

/** An export of a queue. */
export interface ListedExport {
  readonly name: string;
  /** `unknown`: the export cannot be read, for example because a newer version of this package wrote it. `failure` has the reason. */
  readonly state: 'waiting' | 'running' | 'merging' | 'complete' | 'failed' | 'cancelled' | 'unknown';
  /** Number of parts. */
  readonly parts: number;
  readonly partsComplete: number;
  /** Number of records of all parts, or of the output of a complete export. */
  readonly records: number;
  /** Undefined before the first worker claims a part, and for an export without an account. */
  readonly account?: string | undefined;
  /** Undefined if an older version submitted the export. */
  readonly priority?: number | undefined;
  /** Time of the last submission that started or resumed the export, in ISO 8601. */
  readonly submittedAt?: string | undefined;
  /** Why the export has failed. */
  readonly failure?: string | undefined;
}

/** A part that is not complete. */
export interface UnfinishedPart {
  /** Number of the part, from 0. */
  readonly part: number;
  /** `delayed`: waits for its next attempt. `none`: has no job. */
  readonly state: 'waiting' | 'running' | 'delayed' | 'failed' | 'none';
  readonly records: number;
  /** Host of the last worker that claimed the part. */
  readonly host?: string | undefined;
  /** Number of failed attempts. */
  readonly failures: number;
  readonly lastError?: string | undefined;
}

/** An export with its unfinished parts, and the workers of the queue. */
export interface ShownExport extends ListedExport {
  readonly unfinished: readonly UnfinishedPart[];
  /** The live workers of the queue. */
  readonly workers: readonly WorkerInfo[];
  readonly output?: string | undefined;
  readonly manifest?: string | undefined;
  readonly warnings: readonly string[];
}

/**
 * Returns the exports of a queue, sorted by name. Redis keeps a complete export for 7 days, or with `keepSummary` until `removeExport`.
 *
 * @throws ConfigurationError. BatchError `ERR_QUEUE` if Redis is unreachable now.
 */
export function listExports(options: QueueOptions): Promise<ListedExport[]> {
  return withQueue('listExports', options, false, async (open) => {
    const { names, jobs } = await findExports(open);
    const found: ListedExport[] = [];
    // One after the other: an export can have thousands of parts.
    for (const name of names) {
      const read = await readExport(open, name, jobs);
      if (read) found.push(read.listed);
      else await open.ask(() => open.client.zrem(namesKey(open.prefix, open.queueName), name));
    }
    return found;
  });
}

/**
 * Returns an export of a queue, its unfinished parts and the workers of the queue.
 *
 * @throws ConfigurationError if the queue has no export of this name. BatchError `ERR_QUEUE` if Redis is unreachable now.
 */
export function showExport(options: NamedExportOptions): Promise<ShownExport> {
  return withQueue('showExport', options, true, async (open) => {
    const { names, jobs } = await findExports(open);
    const { name, client, prefix, queueName } = open;
    const read = await readExport(open, name, jobs);
    if (!read) throw noSuchExport('showExport', open, names);
    const registry = createWorkerRegistry(client, { prefix, queue: queueName, timeout: COMMAND_TIMEOUT });
    const { listed, description, summary } = read;
    const { output, manifest, warnings = [] } = { output: description?.output, ...summary };
    return {
      ...listed,
      unfinished: await unfinishedParts(open, read, jobs),
      workers: await registry.list(),
      ...(output !== undefined && { output }),
      ...(manifest !== undefined && { manifest }),
      warnings,
    };
  });
}

interface ReadExport {
  readonly listed: ListedExport;
  readonly run: string;
  readonly states: readonly PartState[];
  readonly description?: ExportDescription | undefined;
  readonly summary?: ReturnType<typeof readSummary> | undefined;
}

/** Returns undefined if Redis has no such export. */
async function readExport(open: OpenQueue, name: string, jobs: QueueJobs): Promise<ReadExport | undefined> {
  const { ledger, keys } = open.ledgerOf(name);
  try {
    const notes = await ledger.read();
    const { run } = notes;
    if (run === undefined || notes.description === undefined) return undefined;
    const description = readDescription(notes.description);
    const parts = description.parts.length;
    const common = {
      name,
      parts,
      ...(notes.account && { account: notes.account }),
      ...(notes.priority !== undefined && { priority: Number(notes.priority) }),
      // A run is the time of Redis in microseconds.
      submittedAt: new Date(Number(run) / 1000).toISOString(),
    };
    if (notes.summary !== undefined) {
      const summary = readSummary(name, true, notes.summary);
      const listed = {
        ...common,
        state: 'complete',
        partsComplete: parts,
        records: summary.records,
      } as const;
      return { listed, run, states: [], description, summary };
    }
    const states = await readStates({ name, keys, ledger }, parts);
    const partsComplete = states.filter(({ complete }) => complete).length;
    const failure = notes.failure === undefined ? undefined : readFailure(notes.failure);
    const stateOf = (): ListedExport['state'] => {
      if (failure?.cancelled) return 'cancelled';
      if (failure !== undefined || jobs.failed.has(jobId(name, run))) return 'failed';
      if (partsComplete === parts) return 'merging';
      const isRunning = [...states.keys(), undefined].some((part) => jobs.active.has(jobId(name, run, part)));
      return isRunning ? 'running' : 'waiting';
    };
    const listed: ListedExport = {
      ...common,
      state: stateOf(),
      partsComplete,
      records: states.reduce((sum, { records }) => sum + records, 0),
      ...(failure && !failure.cancelled && { failure: failure.message }),
    };
    return { listed, run, states, description };
  } catch (error) {
    // One export that cannot be read must not hide the others.
    if (!(error instanceof LeftAloneError || (error instanceof BatchError && error.cause === undefined)))
      throw error;
    const listed = {
      name,
      state: 'unknown',
      parts: 0,
      partsComplete: 0,
      records: 0,
      failure: messageOf(error),
    } as const;
    return { listed, run: '', states: [] };
  }
}

function stateOfPart(
  id: string,
  { active, delayed, failed }: QueueJobs,
  exists: boolean,
): UnfinishedPart['state'] {
  if (active.has(id)) return 'running';
  if (delayed.has(id)) return 'delayed';
  if (failed.has(id)) return 'failed';
  return exists ? 'waiting' : 'none';
}

async function unfinishedParts(open: OpenQueue, { listed, run, states }: ReadExport, jobs: QueueJobs) {
  const { client, queue, ask } = open;
  const { keys } = open.ledgerOf(listed.name);
  const failures = await createPartFailures(client, { keys, run, timeout: COMMAND_TIMEOUT }).list();
  const numbers = [...states.keys()].filter((part) => !states[part]?.complete);
  return Promise.all(
    numbers.map(async (part): Promise<UnfinishedPart> => {
      const id = jobId(listed.name, run, part);
      const [job, host] = await Promise.all([
        ask(() => queue.getJob(id)),
        ask(() => client.hget(keys.part(part), 'host')),
      ]);
      const own = failures.filter((failure) => failure.part === part);
      const lastError = own.at(-1)?.failure.message ?? job?.failedReason;
      return {
        part,
        state: stateOfPart(id, jobs, job !== undefined),
        records: states[part]?.records ?? 0,
        ...(host && { host }),
        failures: Math.max(own.length, job?.attemptsMade ?? 0),
        ...(lastError && { lastError }),
      };
    }),
  );
}
