import type { RedisTarget } from '../../core/internal.ts';
import { loadPeer, PeerError } from '../../core/node/index.ts';
import type { IoredisClient, NodeRedisClient } from './client.ts';
import type { Driver } from './driver.ts';
import { ioredisDriver, OWN_IOREDIS } from './ioredis-driver.ts';
import { nodeRedisDriver, OWN_NODE_REDIS } from './node-redis-driver.ts';

/** Loads the optional packages. */
interface Packages {
  ioredis(): Promise<{ Redis: new (...args: (string | object)[]) => unknown }>;
  redis(): Promise<{ createClient: (options: object) => unknown }>;
}

const installed: Packages = {
  ioredis: () => import('ioredis'),
  redis: () => import('redis') as Promise<{ createClient: (options: object) => unknown }>,
};

/**
 * Creates a client of the store with `ioredis`, or with `redis` if `ioredis` is not installed or too old. Sentinel needs `ioredis`.
 *
 * @param timeout milliseconds for connecting.
 * @throws PeerError
 */
export async function openOwn(
  { url, options }: Omit<RedisTarget, 'address'>,
  timeout: number,
  packages = installed,
): Promise<Driver> {
  const neededBy = url === undefined ? 'a Redis store with a Sentinel URL' : 'a Redis store with a URL';
  const ioredis = await loadPeer({ name: 'ioredis', neededBy }, packages.ioredis).catch(
    (error: PeerError) => error,
  );
  if (!(ioredis instanceof PeerError)) {
    const settings = { ...OWN_IOREDIS, connectTimeout: timeout, ...options };
    const client = new ioredis.Redis(...(url === undefined ? [settings] : [url, settings]));
    return ioredisDriver(client as IoredisClient, true);
  }
  if (ioredis.reason === 'broken' || url === undefined) throw ioredis;
  const redis = await loadPeer({ name: 'redis', neededBy }, packages.redis).catch((error: PeerError) => {
    throw error.reason === 'missing' ? ioredis : error;
  });
  const socket = { ...OWN_NODE_REDIS.socket, connectTimeout: timeout };
  const client = redis.createClient({ ...OWN_NODE_REDIS, url, ...options, socket });
  return nodeRedisDriver(client as NodeRedisClient, true);
}
