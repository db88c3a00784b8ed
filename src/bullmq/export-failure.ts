import type { NotedFailure } from './noted-failure.ts';
import type { PartFailure } from './part-failures.ts';
import { reasonOf } from './worker-pause.ts';
import type { WorkerInfo } from './worker-registry.ts';

/** Number of live workers that must give up a part until the export fails, if other workers have not tried the part. */
const MAX_WORKERS = 3;

/** What is known about a part, or about the merge, after a failure. */
interface FailedPart {
  /** Number of the part; undefined for the merge. */
  readonly part: number | undefined;
  /** The live workers that can process the export. */
  readonly workers: readonly WorkerInfo[];
  readonly failures: readonly PartFailure[];
}

/**
 * Returns whether an export fails, because enough live workers have given up a part, or no live worker can process the part. Workers that
 * no longer live are not counted: a supervisor that restarts one bad worker again and again must not fail the export.
 */
export function exportFails({ part, workers, failures }: FailedPart): boolean {
  const idsOf = (found: readonly PartFailure[]) => new Set(found.map(({ worker }) => worker));
  const givenUp = idsOf(failures.filter((failure) => isGivenUp(failure, part)));
  const broken = idsOf(failures.filter(({ scope, isLasting }) => scope === 'machine' && isLasting));
  if (workers.filter(({ id }) => givenUp.has(id)).length >= MAX_WORKERS) return true;
  // Without a pause, a worker has recovered or tries again.
  return workers.every(({ id, paused }) => givenUp.has(id) || (broken.has(id) && paused !== undefined));
}

/** Returns whether a worker leaves a part to other workers, because another attempt of this worker would fail too. */
export function hasGivenUp(id: string, part: number | undefined, failures: readonly PartFailure[]): boolean {
  return failures.some((failure) => failure.worker === id && isGivenUp(failure, part));
}

function isGivenUp({ scope, part: failed }: PartFailure, part: number | undefined): boolean {
  return scope === 'export' || (scope === 'part' && failed === part);
}

/** Why an export has failed. */
export interface ExportFailure extends NotedFailure {
  readonly part?: number | undefined;
}

/** Returns the failure that helps the user most, with the hosts and the reasons of the other workers. */
export function describeFailure({ part, failures }: Omit<FailedPart, 'workers'>): ExportFailure {
  const [first, ...others] = failures
    .filter((failure) => failure.scope === 'machine' || isGivenUp(failure, part))
    .sort((one, other) => usefulness(other) - usefulness(one));
  if (!first) throw new TypeError('no failure to choose from');
  const { failure } = first;
  const found = { ...failure, part: first.part };
  // The host does not matter if the API refuses the export itself.
  if (others.length === 0 && first.scope !== 'machine') return found;
  const hosts = [
    first.host,
    ...others.map(({ host, failure: { message } }) =>
      message === failure.message ? host : `${host} (${reasonOf({ message })})`,
    ),
  ];
  const distinct = [...new Set(hosts)];
  const shown = distinct.slice(0, MAX_HOSTS).join(', ');
  const more = distinct.length - MAX_HOSTS;
  const message =
    `${failure.message.replace(/[^.]$/, '$&.')} Failed on ${others.length + 1} ` +
    `${others.length === 0 ? 'worker' : 'workers'}: ${shown}${more > 0 ? ` and ${more} more` : ''}.`;
  return { ...found, message };
}

// Bounds the message, because a queue can have hundreds of workers.
const MAX_HOSTS = 5;

/** A response of the API helps more than any other error, which helps more than the state of a machine. */
function usefulness({ scope, failure: { cause } }: PartFailure): number {
  return (scope === 'machine' ? 0 : 2) + (typeof cause?.status === 'number' ? 1 : 0);
}
