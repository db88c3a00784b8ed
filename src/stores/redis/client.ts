/** The members of an `ioredis` client or `Cluster` that the store uses. */
export interface IoredisClient {
  readonly status: string;
  readonly isCluster: boolean;
  connect(): Promise<unknown>;
  hmget(key: string, ...fields: string[]): Promise<unknown>;
  evalsha(sha: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  // The store does not call the method of a Cluster, which has other parameters.
  duplicate(override?: object): unknown;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  disconnect(): void;
}

/** The members of a client from `createClient` of `redis` that the store uses. */
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
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  unref(): void;
  destroy?(): void;
  /** Closes a client of redis 4, which has no `destroy`. */
  disconnect(): unknown;
}

/** A client of `ioredis` or of `redis`. The store detects the package by the methods, because only one may be installed. */
export type RedisClient = IoredisClient | NodeRedisClient;

export function isNodeRedis(client: RedisClient): client is NodeRedisClient {
  // Clusters and pools of `redis` have no `unref`.
  return 'evalSha' in client && typeof client.evalSha === 'function' && 'unref' in client;
}

export function isIoredis(client: RedisClient): client is IoredisClient {
  return 'evalsha' in client && typeof client.evalsha === 'function';
}
