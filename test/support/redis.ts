import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { type RedisServer, startRedis } from './redis-server.ts';

export { type RedisServer, startRedis } from './redis-server.ts';

/** A Redis that others may use too. */
export interface SharedRedis {
  readonly url: string;
  /** What every key and channel of these tests has to begin with. */
  readonly prefix: string;
}

const { url, missing } = inject('redis');

/** Tests that need some Redis, the one of `REDIS_URL` or one of our own: see {@link useRedis}. */
export function describeWithRedis(name: string, tests: () => void): void {
  describeIf(url !== undefined || missing === undefined, name, tests);
}

/** Tests that call `startRedis`, because they kill, hang or flush it. */
export function describeWithRedisServer(name: string, tests: () => void): void {
  describeIf(missing === undefined, name, tests);
}

/** In CI it fails when it would be skipped elsewhere: there nobody sees that tests are missing. */
function describeIf(isAvailable: boolean, name: string, tests: () => void): void {
  if (isAvailable) describe(name, tests);
  else if (process.env.CI === 'true') describe(name, () => it('has a Redis to run with', fail));
  else describe.skip(`${name} (skipped: ${missing})`, tests);
}

function fail(): never {
  throw new Error(missing);
}

/** One Redis for all tests of a `describe`: what is under its prefix is deleted after them. */
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
