import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { describeWithRedisServer } from '../../support/redis.ts';
import { failureOf, failuresOf, PASSWORD, TOKEN } from '../../support/redis-failures.ts';
import { aServer, aStore, aStored, hold, KEY, waiting } from '../../support/redis-stores.ts';

describeWithRedisServer('a Redis store at a server that is not its own', () => {
  it('refuses what is kept under its keys and is none of its own', async () => {
    const server = await aServer();
    const client = new Redis(server.url);
    onTestFinished(() => client.disconnect());
    const store = aStore({ url: server.url });
    const names = { token: `axios-oauth-refresh:{${KEY}}:token`, lock: `axios-oauth-refresh:{${KEY}}:lock` };
    const others = /none of this store.*Choose another prefix/;

    await client.set(names.token, 'text');
    for (const { message } of await failuresOf(store)) expect(message).toMatch(others);

    await client.del(names.token);
    await client.hset(names.token, { fence: '1', value: `{"a":"${TOKEN}"}` });
    expect((await failureOf(store.get(KEY))).message).toMatch(others);
    await client.hset(names.token, { fence: '1', value: `no JSON ${TOKEN}` });
    expect((await failureOf(store.get(KEY))).message).toMatch(others);
    await client.hset(names.token, { fence: '1', value: JSON.stringify({ version: 2, token: TOKEN }) });
    expect((await failureOf(store.get(KEY))).message).toMatch(/is of version 2/);

    // What was copied from under another key is another client's.
    const otherKey = 'o'.repeat(43);
    await store.set(otherKey, aStored(TOKEN, 1));
    await client.copy(`axios-oauth-refresh:{${otherKey}}:token`, names.token, 'REPLACE');
    expect((await failureOf(store.get(KEY))).message).toMatch(others);

    await client.del(names.token);
    await client.set(names.lock, 'for ever');
    expect((await failureOf(hold(store))).message).toMatch(/:lock is none of this store/);
  });

  it('says what a user may not do', async () => {
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
    expect((await failureOf(store.set(KEY, aStored(TOKEN, 1)))).message).toMatch(/the user may not do this/);
  });

  it('shows no token when the server does not know a command, and says it with its arguments', async () => {
    const server = await aServer({ args: ['--rename-command', 'EVALSHA', ''] });
    const store = aStore({ url: server.url });
    const { message } = await failureOf(store.set(KEY, aStored(TOKEN, 1)));
    expect(message).toMatch(/unknown command/);
    expect(message).not.toContain(KEY);
  });

  it('waits with messages that may not be had', async () => {
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
    // It waits after its SUBSCRIBE was refused.
    await expect.poll(() => client.call('ACL', 'LOG')).not.toEqual([]);
    held.release();
    expect(await other).toBe('worked');
  });
});
