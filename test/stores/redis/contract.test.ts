import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { redisStore } from '../../../src/stores/redis/redis-store.ts';
import { tokenStoreContract } from '../../../src/testing/store-contract.ts';
import { describeWithRedis, useRedis } from '../../support/redis.ts';
import { aStored, KEY, waiting } from '../../support/redis-stores.ts';

describeWithRedis('redisStore', () => {
  const redis = useRedis();

  describe('with a URL', () => {
    for (const { name, run } of tokenStoreContract(() =>
      redisStore({ url: redis.url, prefix: redis.prefix }),
    )) {
      it(name, run);
    }
  });

  describe('with a client of ioredis', () => {
    let client: Redis;
    beforeAll(() => {
      client = new Redis(redis.url, { keyPrefix: `${redis.prefix}:its-own:` });
    });
    afterAll(() => client.disconnect());
    for (const { name, run } of tokenStoreContract(() => redisStore({ client, prefix: redis.prefix }))) {
      it(name, run);
    }

    it('does not close the client, and removes its listeners', async () => {
      const before = client.listenerCount('error');
      const store = redisStore({ client, prefix: redis.prefix });
      expect(client.listenerCount('error')).toBe(before + 1);
      await store.get(KEY);
      await store.close();
      expect(client.listenerCount('error')).toBe(before);
      expect(await client.ping()).toBe('PONG');
      await expect(store.get(KEY)).rejects.toThrow('this Redis store is closed');
    });
  });

  describe('with a client of redis', () => {
    const client = () => made;
    let made: ReturnType<typeof createClient>;
    beforeAll(async () => {
      made = createClient({ url: redis.url });
      await made.connect();
    });
    afterAll(() => made.destroy());
    for (const { name, run } of tokenStoreContract(() =>
      redisStore({ client: client(), prefix: redis.prefix }),
    )) {
      it(name, run);
    }

    it('does not close the client, and rejects if the client is not connected', async () => {
      const store = redisStore({ client: made, prefix: redis.prefix });
      await store.get(KEY);
      await store.close();
      expect(await made.ping()).toBe('PONG');
      const idle = redisStore({ client: createClient({ url: redis.url }) });
      await expect(idle.get(KEY)).rejects.toThrow('Call its connect() first');
    });
  });

  it('stores the tokens of different prefixes separately', async () => {
    const one = redisStore({ url: redis.url, prefix: `${redis.prefix}-1` });
    const other = redisStore({ url: redis.url, prefix: `${redis.prefix}-2` });
    onTestFinished(async () => {
      await one.close();
      await other.close();
    });
    await one.withLock(KEY, waiting(), async ({ fence }) => {
      await one.set(KEY, aStored('first', fence));
      await other.withLock(KEY, waiting(), async () => {});
    });
    expect(await other.get(KEY)).toBe(undefined);
    expect((await one.get(KEY))?.token.accessToken).toBe('first');
  });

  it('deletes a token three days after its expiry, unless it has a refresh token', async () => {
    const store = redisStore({ url: redis.url, prefix: redis.prefix });
    const client = new Redis(redis.url);
    onTestFinished(async () => {
      client.disconnect();
      await store.close();
    });
    const expiry = () => client.pttl(`${redis.prefix}:{${KEY}}:token`);
    const { token } = aStored('a');
    await store.set(KEY, { token, fence: 1 });
    const days = (await expiry()) / 86_400_000;
    expect(days).toBeGreaterThan(2.9);
    expect(days).toBeLessThan(3.1);
    await store.set(KEY, { token: { ...token, refreshToken: 'r' }, fence: 2 });
    expect(await expiry()).toBe(-1);
  });
});
