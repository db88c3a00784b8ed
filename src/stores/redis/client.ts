/** What this store uses of a client of `ioredis`, also of its `Cluster`. */
export interface IoredisClient {
  readonly status: string;
  readonly isCluster: boolean;
  connect(): Promise<unknown>;
  hmget(key: string, ...fields: string[]): Promise<unknown>;
  evalsha(sha: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  // Of a Cluster it takes other arguments, and is not called.
  duplicate(override?: object): unknown;
  on(event: string, listener: (...said: unknown[]) => void): unknown;
  off(event: string, listener: (...said: unknown[]) => void): unknown;
  disconnect(): void;
}

/** What this store uses of a client that `createClient` of `redis` makes. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  readonly options?: unknown;
  connect(): Promise<unknown>;
  hmGet(key: string, fields: string[]): Promise<unknown>;
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  duplicate(overrides?: object): unknown;
  on(event: string, listener: (...said: unknown[]) => void): unknown;
  off(event: string, listener: (...said: unknown[]) => void): unknown;
  unref(): void;
  destroy(): void;
}

/** A client of `ioredis` or of `redis`, told apart by what it can do: users have one of the packages only. */
export type RedisClient = IoredisClient | NodeRedisClient;

export function isNodeRedis(client: RedisClient): client is NodeRedisClient {
  // Its clusters and pools lack the latter.
  return 'evalSha' in client && typeof client.evalSha === 'function' && 'unref' in client;
}

export function isIoredis(client: RedisClient): client is IoredisClient {
  return 'evalsha' in client && typeof client.evalsha === 'function';
}
