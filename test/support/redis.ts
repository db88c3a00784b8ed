import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, inject } from 'vitest';
import { describeIf } from './describe-if.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

export { type RedisServer, startRedis } from './redis-server.ts';

/** A Redis that other programs may use too. */
export interface SharedRedis {
  readonly url: string;
  /** The prefix of every key and channel of the tests. */
  readonly prefix: string;
}

const { url, missing } = inject('redis');
const NEEDED = { server: 'a Redis', missing };

/** Describes tests that need any Redis, from `REDIS_URL` or started by {@link useRedis}. */
export function describeWithRedis(name: string, tests: () => void): void {
  describeIf(url !== undefined || missing === undefined, NEEDED, name, tests);
}

/** Describes tests that call `startRedis`, because they kill, suspend or flush the server. */
export function describeWithRedisServer(name: string, tests: () => void): void {
  describeIf(missing === undefined, NEEDED, name, tests);
}

/** Provides one Redis for all tests of a `describe`. Deletes the keys with its prefix after the tests. */
export function useRedis(): SharedRedis {
  const prefix = `test-${randomUUID()}`;
  let own: RedisServer | undefined;
  beforeAll(async () => {
    if (url === undefined) own = await startRedis();
  });
  afterAll(async () => {
    if (own) await own.close();
    else if (url !== undefined) await deleteKeys(url, prefix);
  });
  return {
    prefix,
    get url() {
      return url ?? own?.url ?? '';
    },
  };
}

async function deleteKeys(url: string, prefix: string): Promise<void> {
  const client = new Redis(url);
  try {
    for await (const keys of client.scanStream({ match: `*${prefix}*`, count: 1_000 })) {
      if (keys.length > 0) await client.unlink(...keys);
    }
  } finally {
    client.disconnect();
  }
}
