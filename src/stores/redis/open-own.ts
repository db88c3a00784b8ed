import type { IoredisClient, NodeRedisClient } from './client.ts';
import type { Driver } from './driver.ts';
import { ioredisDriver, OWN_IOREDIS } from './ioredis-driver.ts';
import { nodeRedisDriver, OWN_NODE_REDIS } from './node-redis-driver.ts';

/** The packages that can be there, as far as they are used here. */
interface Packages {
  ioredis(): Promise<{ Redis: new (url: string, options: object) => unknown }>;
  redis(): Promise<{ createClient: (options: object) => unknown }>;
}

const installed: Packages = {
  ioredis: () => import('ioredis'),
  redis: () => import('redis') as Promise<{ createClient: (options: object) => unknown }>,
};

/**
 * Makes a client of our own, with whichever package is there.
 *
 * @param timeout milliseconds in which it has to be connected.
 */
export async function openOwn(url: string, timeout: number, packages = installed): Promise<Driver> {
  const ioredis = await unlessMissing(packages.ioredis());
  if (ioredis) {
    const client = new ioredis.Redis(url, { ...OWN_IOREDIS, connectTimeout: timeout });
    return ioredisDriver(client as IoredisClient, true);
  }
  const redis = await unlessMissing(packages.redis());
  if (redis) {
    const socket = { ...OWN_NODE_REDIS.socket, connectTimeout: timeout };
    return nodeRedisDriver(redis.createClient({ ...OWN_NODE_REDIS, url, socket }) as NodeRedisClient, true);
  }
  throw new Error('there is no client for it. Install one: npm install ioredis');
}

async function unlessMissing<T>(imported: Promise<T>): Promise<T | undefined> {
  try {
    return await imported;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
