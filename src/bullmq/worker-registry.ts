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
  /**
   * Announces a new worker, unless a live worker has another rate. Then nothing changes, and the other worker is returned. Limiters of the
   * caller (`own`) are not compared. Of two workers that join at the same time, Redis refuses one.
   */
  join(worker: WorkerInfo): Promise<WorkerInfo | undefined>;
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

const NOW = /* lua */ `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** Declares a function that returns the states of the live workers, and removes the other workers. */
const LIVE = /* lua */ `
${NOW}
local function liveWorkers(key, lifetime)
  local live = {}
  local entries = redis.call('HGETALL', key)
  for index = 1, #entries, 2 do
    local seen, state = entries[index + 1]:match('^(%d+) (.*)$')
    if seen and tonumber(seen) >= now - lifetime then
      table.insert(live, state)
    else
      redis.call('HDEL', key, entries[index])
    end
  end
  return live
end
`;

/** KEYS: the workers. ARGV: the ID of a worker, its state. The entry begins with the time of Redis in milliseconds. */
const ANNOUNCE = /* lua */ `
${NOW}
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2])
`;

/** Replies with the states of the live workers. KEYS: the workers. ARGV: the lifetime in milliseconds. */
const LIST = /* lua */ `
${LIVE}
return liveWorkers(KEYS[1], ARGV[1])
`;

/**
 * Announces a worker unless a live worker has another rate; then replies with the state of that worker.
 *
 * KEYS: the workers. ARGV: the ID of the worker, its state, the lifetime in milliseconds, its rate.
 */
const JOIN = /* lua */ `
${LIVE}
local function gapOf(rate)
  local requests, interval = rate:match('^(%S+)/(%d+)$')
  return tonumber(requests) and interval / requests or rate
end
for _, state in ipairs(liveWorkers(KEYS[1], ARGV[3])) do
  local isValid, worker = pcall(cjson.decode, state)
  local rate = isValid and type(worker) == 'table' and worker.rate
  if ARGV[4] ~= 'own' and type(rate) == 'string' and rate ~= 'own' and gapOf(rate) ~= gapOf(ARGV[4]) then return state end
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2])
return false
`;

/** @param timeout of a command, in milliseconds. */
export function createWorkerRegistry(
  client: Redis,
  { prefix, queue, timeout }: { prefix: string; queue: string; timeout: number },
): WorkerRegistry {
  const key = `${prefix}:workers:{${queue}}`;
  const ask = <T>(command: () => Promise<T>) => askRedis(client, timeout, command);
  return {
    async join(worker) {
      const args = [worker.id, JSON.stringify(worker), PRESENCE_LIFETIME, worker.rate];
      const other = await ask(() => client.eval(JOIN, 1, key, ...args));
      return typeof other === 'string' ? readWorker(other) : undefined;
    },
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
