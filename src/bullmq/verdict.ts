import type { NotedFailure } from './noted-failure.ts';
import type { PartFailure } from './part-failures.ts';
import { reasonOf } from './worker-pause.ts';
import type { WorkerInfo } from './worker-registry.ts';

/** Number of different workers that must fail a part until the export fails. */
const MAX_WORKERS = 3;

interface Case {
  /** Number of the part; undefined for the merge. */
  readonly part: number | undefined;
  /** The live workers that can process the export. */
  readonly workers: readonly WorkerInfo[];
  readonly failures: readonly PartFailure[];
}

/** Returns whether an export fails, because enough workers, or all workers, have failed a part of it or cannot process it. */
export function isDoomed({ part, workers, failures }: Case): boolean {
  const givenUp = new Set(
    failures
      .filter((failure) => failure.scope === 'export' || isOf(failure, part))
      .map(({ worker }) => worker),
  );
  if (givenUp.size >= MAX_WORKERS) return true;
  const stuck = new Set(
    failures.filter(({ scope, isLasting }) => scope === 'machine' && isLasting).map(({ worker }) => worker),
  );
  // Without a pause, a worker has recovered or tries again.
  return workers.every(({ id, paused }) => givenUp.has(id) || (stuck.has(id) && paused !== undefined));
}

/** Returns whether a worker leaves a part to other workers. */
export function leavesPart(id: string, part: number | undefined, failures: readonly PartFailure[]): boolean {
  return failures.some(
    (failure) => failure.worker === id && (failure.scope === 'export' || isOf(failure, part)),
  );
}

function isOf({ scope, part: failed }: PartFailure, part: number | undefined): boolean {
  return scope === 'part' && failed === part;
}

/** The failure of an export. */
export interface Verdict extends NotedFailure {
  readonly part?: number | undefined;
}

/** Returns the most telling of the failures that doom an export, with the hosts and the reasons of the other workers. */
export function mostTelling({ part, failures }: Omit<Case, 'workers'>): Verdict {
  const [first, ...others] = failures
    .filter((failure) => failure.scope !== 'part' || isOf(failure, part))
    .sort((one, other) => weight(other) - weight(one));
  if (!first) throw new TypeError('no failure to choose from');
  const { failure } = first;
  if (others.length === 0) return { ...failure, part: first.part };
  const hosts = [
    first.host,
    ...others.map(({ host, failure: { message } }) =>
      message === failure.message ? host : `${host} (${reasonOf({ message })})`,
    ),
  ];
  const shown = [...new Set(hosts)].slice(0, MAX_HOSTS).join(', ');
  const message = `${failure.message.replace(/[^.]$/, '$&.')} Workers that failed: ${others.length + 1}, on ${shown}.`;
  return { ...failure, message, part: first.part };
}

// Bounds the message, because a queue can have hundreds of workers.
const MAX_HOSTS = 5;

/** A response of the API tells more than any other error, which tells more than the state of a machine. */
function weight({ scope, failure: { cause } }: PartFailure): number {
  return (scope === 'machine' ? 0 : 2) + (typeof cause?.status === 'number' ? 1 : 0);
}
