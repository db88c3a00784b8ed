import type { Redis } from 'ioredis';
import { isWhole } from '../core/internal.ts';
import { askRedis } from './ask-redis.ts';
import type { ExportKeys } from './keys.ts';
import { type NotedFailure, readNotedFailure } from './noted-failure.ts';
import { type PartClaim, takenOver } from './part-claim.ts';

/** Why a worker has failed a part or the merge in this run of an export. */
export interface PartFailure {
  /** The ID of the worker. */
  readonly worker: string;
  readonly host: string;
  /** Number of the part; undefined for the merge. */
  readonly part?: number | undefined;
  /**
   * `machine`: the worker cannot process any part. `export`: the worker leaves all parts of the export to others, because no attempt of its
   * own can succeed. `part`: the worker leaves this part to others.
   */
  readonly scope: 'machine' | 'export' | 'part';
  /** Of `machine`: whether the worker has tried again without success, so that nobody should wait for it. */
  readonly isLasting: boolean;
  /** Time of the failure in epoch milliseconds, by the clock of the worker. */
  readonly at: number;
  readonly failure: NotedFailure;
}

/** The failures of the parts of one run of an export, in Redis. */
export interface PartFailures {
  /** @throws BatchError `ERR_LOCKED` if another worker has claimed the part since, or the export was submitted again. */
  note(claim: PartClaim, failure: PartFailure): Promise<void>;
  /** Returns the failures of all parts. Ignores damaged entries. */
  list(): Promise<PartFailure[]>;
}

/**
 * Notes a failure, unless the part was claimed again or the export was submitted again. Removes the failures of earlier runs.
 *
 * KEYS: the failures, the export, the part. ARGV: the fence, the run, the field, the failure, the seconds until the failures expire.
 * Replies 1, or 0 if refused.
 */
const NOTE_FAILURE = /* lua */ `
if redis.call('HGET', KEYS[3], 'fence') ~= ARGV[1] then return 0 end
if redis.call('HGET', KEYS[2], 'run') ~= ARGV[2] then return 0 end
if redis.call('HGET', KEYS[1], 'run') ~= ARGV[2] then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'run', ARGV[2])
end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 1
`;

// In seconds. The failures of a run that nobody continues are of no use.
const LIFETIME = 7 * 86_400;

/** @param timeout of a command, in milliseconds. */
export function createPartFailures(
  client: Redis,
  { keys, run, timeout }: { keys: ExportKeys; run: string; timeout: number },
): PartFailures {
  const ask = <T>(command: () => Promise<T>) => askRedis(client, timeout, command);
  return {
    async note({ label, fence }, failure) {
      const { scope, worker, part } = failure;
      const field = `${scope === 'machine' ? scope : (part ?? 'merge')}:${worker}`;
      const args = [fence, run, field, JSON.stringify(failure), String(LIFETIME)];
      const reply = await ask(() =>
        client.eval(NOTE_FAILURE, 3, keys.failures, keys.whole, keys.job(part), ...args),
      );
      if (reply !== 1) throw takenOver(label);
    },
    async list() {
      const { run: notedRun, ...fields } = await ask(() => client.hgetall(keys.failures));
      return notedRun === run ? Object.values(fields).flatMap((text) => readPartFailure(text) ?? []) : [];
    },
  };
}

/** Validates a failure, because other programs can write to Redis. */
export function readPartFailure(text: string): PartFailure | undefined {
  const { worker, host, part, scope, isLasting, at, failure } = readObject(text);
  const noted = readNotedFailure(failure);
  if (typeof worker !== 'string' || !SCOPES.includes(scope as PartFailure['scope']) || !noted)
    return undefined;
  return {
    worker,
    host: String(host),
    ...(isWhole(part) && { part }),
    scope: scope as PartFailure['scope'],
    isLasting: isLasting === true,
    at: typeof at === 'number' ? at : 0,
    failure: noted,
  };
}

const SCOPES: readonly PartFailure['scope'][] = ['machine', 'export', 'part'];

function readObject(text: string): { readonly [name in keyof PartFailure]?: unknown } {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
