import type { Redis } from 'ioredis';
import { askRedis } from './ask-redis.ts';

/** A worker of a queue, as it announces itself to submitters and other workers. */
export interface WorkerInfo {
  /** Unique for each worker that was started. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Version of the exports that the worker can process. */
  readonly version: number;
  /** The account of the API whose records the worker exports; undefined if the caller named none. */
  readonly account?: string | undefined;
  /** The rate of the worker in a form that can be compared, such as `300/60000`, `none` or `own`. */
  readonly rate: string;
  /** Why the worker takes no parts at the moment. */
  readonly paused?: string | undefined;
}

/** The live workers of a queue, in Redis. */
export interface WorkerRegistry {
  /** Writes the state of a worker. Its entry expires unless it is written again within {@link PRESENCE_LIFETIME}. */
  announce(worker: WorkerInfo): Promise<void>;
  remove(id: string): Promise<void>;
  /** Returns the live workers, sorted by `id`. Workers of versions up to 0.4 do not announce themselves. */
  list(): Promise<WorkerInfo[]>;
}

/** Milliseconds between two announcements of a worker. */
export const ANNOUNCE_INTERVAL = 2000;

/** Milliseconds after which a worker that was not announced again counts as dead. */
export const PRESENCE_LIFETIME = 10_000;

/** KEYS: the workers. ARGV: the ID of a worker, its state. The entry begins with the time of Redis in milliseconds. */
const ANNOUNCE = /* lua */ `
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)) .. ' ' .. ARGV[2])
`;

/** Replies with the states of the live workers, and removes the others. KEYS: the workers. ARGV: the lifetime in milliseconds. */
const LIST = /* lua */ `
local time = redis.call('TIME')
local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[1]
local live = {}
local entries = redis.call('HGETALL', KEYS[1])
for index = 1, #entries, 2 do
  local seen, state = entries[index + 1]:match('^(%d+) (.*)$')
  if seen and tonumber(seen) >= oldest then
    table.insert(live, state)
  else
    redis.call('HDEL', KEYS[1], entries[index])
  end
end
return live
`;

/** @param timeout of a command, in milliseconds. */
export function createWorkerRegistry(
  client: Redis,
  { prefix, queue, timeout }: { prefix: string; queue: string; timeout: number },
): WorkerRegistry {
  const key = `${prefix}:workers:{${queue}}`;
  const ask = <T>(command: () => Promise<T>) => askRedis(client, timeout, command);
  return {
    async announce(worker) {
      await ask(() => client.eval(ANNOUNCE, 1, key, worker.id, JSON.stringify(worker)));
    },
    async remove(id) {
      await ask(() => client.hdel(key, id));
    },
    async list() {
      const live = (await ask(() => client.eval(LIST, 1, key, PRESENCE_LIFETIME))) as string[];
      return live
        .flatMap((text) => readWorker(text) ?? [])
        .sort((one, other) => one.id.localeCompare(other.id));
    },
  };
}

/** Validates the state of a worker, because other programs can write to Redis. */
function readWorker(text: string): WorkerInfo | undefined {
  let state: { readonly [name in keyof WorkerInfo]?: unknown };
  try {
    state = Object(JSON.parse(text));
  } catch {
    return undefined;
  }
  const { id, host, pid, version, account, rate, paused } = state;
  if (typeof id !== 'string' || typeof version !== 'number') return undefined;
  return {
    id,
    host: String(host),
    pid: Number(pid),
    version,
    rate: String(rate),
    ...(typeof account === 'string' && { account }),
    ...(typeof paused === 'string' && { paused }),
  };
}
