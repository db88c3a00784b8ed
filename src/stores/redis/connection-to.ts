import { parseRedisUrl } from '../../core/internal.ts';
import { isNodeRedis, type RedisClient } from './client.ts';
import type { ConnectionOptions } from './connection.ts';
import type { Driver } from './driver.ts';
import { ioredisDriver } from './ioredis-driver.ts';
import { nodeRedisDriver } from './node-redis-driver.ts';
import { openOwn } from './open-own.ts';

/** Either a client of the user, or the URL for a client of the store. */
interface ClientOrUrl {
  client?: RedisClient | undefined;
  url?: string | undefined;
}

/** Returns the options of a connection, after `problemsOf` has returned no problem. */
export function connectionTo(
  { client, url }: ClientOrUrl,
  timeout: number,
): Omit<ConnectionOptions, 'clock'> {
  const target = parseRedisUrl(url);
  if (client || 'problem' in target) {
    const driver = driverOf(client as RedisClient);
    return { open: async () => driver, isOurs: false, timeout, secrets: [] };
  }
  const { password, sentinelPassword } = target.options;
  return {
    open: () => openOwn(target, timeout),
    isOurs: true,
    timeout,
    secrets: [url, password, sentinelPassword],
    address: target.address,
  };
}

function driverOf(client: RedisClient): Driver {
  return isNodeRedis(client) ? nodeRedisDriver(client, false) : ioredisDriver(client, false);
}
