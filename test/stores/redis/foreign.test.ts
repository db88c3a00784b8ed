import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { describeWithRedisServer } from '../../support/redis.ts';
import { failureOf, failuresOf, PASSWORD, TOKEN } from '../../support/redis-failures.ts';
import { aServer, aStore, aStored, hold, KEY, waiting } from '../../support/redis-stores.ts';

describeWithRedisServer('redisStore on a server that it shares', () => {
  it('rejects values of other programs under its keys', async () => {
    const server = await aServer();
    const client = new Redis(server.url);
    onTestFinished(() => client.disconnect());
    const store = aStore({ url: server.url });
    const names = { token: `axios-oauth-refresh:{${KEY}}:token`, lock: `axios-oauth-refresh:{${KEY}}:lock` };
    const foreign = /(not a token of|does not belong to) this store.*Choose another prefix/;

    await client.set(names.token, 'text');
    for (const { message } of await failuresOf(store)) expect(message).toMatch(foreign);

    await client.del(names.token);
    await client.hset(names.token, { fence: '1', value: `{"a":"${TOKEN}"}` });
    expect((await failureOf(store.get(KEY))).message).toMatch(foreign);
    await client.hset(names.token, { fence: '1', value: `not JSON ${TOKEN}` });
    expect((await failureOf(store.get(KEY))).message).toMatch(foreign);
    await client.hset(names.token, { fence: '1', value: JSON.stringify({ version: 2, token: TOKEN }) });
    expect((await failureOf(store.get(KEY))).message).toMatch(/has version 2/);

    // A token that was copied from another key belongs to another client.
    const otherKey = 'o'.repeat(43);
    await store.set(otherKey, aStored(TOKEN, 1));
    await client.copy(`axios-oauth-refresh:{${otherKey}}:token`, names.token, 'REPLACE');
    expect((await failureOf(store.get(KEY))).message).toMatch(foreign);

    await client.del(names.token);
    await client.set(names.lock, 'for ever');
    expect((await failureOf(hold(store))).message).toMatch(/:lock is not a lock of this store/);
  });

  it('says which permissions a user lacks', async () => {
    const server = await aServer();
    const client = new Redis(server.url);
    onTestFinished(() => client.disconnect());
    await client.call(
      'ACL',
      'SETUSER',
      'reader',
      'on',
      `>${PASSWORD}`,
      '~*',
      '+hmget',
      '+info',
      '+hello',
      '+client',
    );
    const store = aStore({
      url: `redis://reader:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}`,
    });
    expect(await store.get(KEY)).toBe(undefined);
    expect((await failureOf(store.set(KEY, aStored(TOKEN, 1)))).message).toMatch(
      /lacks a permission.*EVALSHA/,
    );
  });

  it('omits the arguments that the server repeats from an unknown command', async () => {
    const server = await aServer({ args: ['--rename-command', 'EVALSHA', ''] });
    const store = aStore({ url: server.url });
    const { message } = await failureOf(store.set(KEY, aStored(TOKEN, 1)));
    expect(message).toMatch(/unknown command/);
    expect(message).not.toContain(KEY);
  });

  it('acquires a released lock even if the user may not publish or subscribe', async () => {
    const server = await aServer();
    const client = new Redis(server.url);
    onTestFinished(() => client.disconnect());
    await client.call(
      'ACL',
      'SETUSER',
      'mute',
      'on',
      'nopass',
      '~*',
      '+@all',
      '-subscribe',
      '-publish',
      'resetchannels',
    );
    const open = () => aStore({ url: `redis://mute:x@127.0.0.1:${server.port}` });
    const held = await hold(open());
    const other = open().withLock(KEY, waiting(), async () => 'worked');
    // The other store waits after Redis refused its SUBSCRIBE.
    await expect.poll(() => client.call('ACL', 'LOG')).not.toEqual([]);
    held.release();
    expect(await other).toBe('worked');
  });
});
