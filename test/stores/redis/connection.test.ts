import { execFile } from 'node:child_process';
import { createServer, connect as dial, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { type Connection, createConnection } from '../../../src/stores/redis/connection.ts';
import type { Driver } from '../../../src/stores/redis/driver.ts';
import { openOwn } from '../../../src/stores/redis/open-own.ts';
import { settle } from '../../support/manual-clock.ts';
import { describeWithRedisServer } from '../../support/redis.ts';
import { failureOf } from '../../support/redis-failures.ts';
import { aServer, aStore, aStored, hold, KEY, waiting } from '../../support/redis-stores.ts';
import { createShiftedClock } from '../../support/shifted-clock.ts';

const missing = () => Promise.reject(new Error("Cannot find package 'ioredis' imported from here"));
const ioredis = () => import('ioredis');
const redis = () => import('redis') as Promise<{ createClient: (options: object) => unknown }>;

function aConnection(open: () => Promise<Driver>, clock = systemClock): Connection {
  const connection = createConnection({
    open,
    isOurs: true,
    timeout: 60_000,
    clock,
    secrets: [],
  });
  onTestFinished(() => connection.close());
  return connection;
}

/** Starts a proxy to one server, which `leadTo` redirects to another server. */
async function aProxy(port: number): Promise<{ url: string; leadTo(port: number): void }> {
  let target = port;
  const sockets = new Set<Socket>();
  const server = createServer((from) => {
    const to = dial(target, '127.0.0.1');
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  const own = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `redis://127.0.0.1:${own}`,
    leadTo(other) {
      target = other;
    },
  };
}

describeWithRedisServer('a connection that the store opened', () => {
  it.each([
    ['ioredis', { ioredis, redis: missing }],
    ['redis', { ioredis: missing, redis }],
  ])(
    'is replaced without a failed command if %s lost the connection while it was idle',
    async (_, packages) => {
      const { url } = await aServer();
      const closed = new Set<Driver>();
      const connection = aConnection(async () => {
        const driver = await openOwn({ url, options: {} }, 60_000, packages);
        driver.onDown(() => closed.add(driver));
        return driver;
      });
      const get = () => connection.send((driver) => driver.readFields('a', ['b']));
      const admin = new Redis(url);
      onTestFinished(() => admin.disconnect());
      for (let round = 1; round <= 3; round++) {
        expect(await get()).toEqual([null]);
        expect(await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')).toBe(1);
        await expect.poll(() => closed.size).toBe(round);
      }
      expect(await get()).toEqual([null]);
    },
  );

  it('is replaced when its server becomes a replica, because the host name leads to the new primary', async () => {
    const [old, other] = [await aServer(), await aServer()];
    const proxy = await aProxy(old.port);
    const store = aStore({ url: proxy.url });
    const held = await hold(store);
    const admin = new Redis(old.url);
    onTestFinished(() => admin.disconnect());
    await admin.replicaof('127.0.0.1', other.port);
    proxy.leadTo(other.port);
    expect((await failureOf(store.set(KEY, aStored('a', held.fence)))).message).toMatch(
      /is a read-only replica/,
    );
    held.release();
    await held.done;
    expect(await store.set(KEY, aStored('a', held.fence))).toBe(true);
    expect(await store.withLock(KEY, waiting(), async () => 'worked')).toBe('worked');
  });

  it('is opened again on time if the clock was set back since the last failure', async () => {
    const server = await aServer();
    const clock = createShiftedClock();
    const connection = aConnection(
      () => openOwn({ url: server.url, options: {} }, 60_000, { ioredis, redis }),
      clock,
    );
    const get = () => connection.send((driver) => driver.readFields('a', ['b']));
    await server.kill();
    await failureOf(get());
    await server.restart();
    await failureOf(get());
    clock.shift(-3_600_000);
    await failureOf(get());
    clock.shift(500);
    expect(await get()).toEqual([null]);
  });

  it('does not time out a command whose reply arrived while this process was busy', async () => {
    const { url } = await aServer();
    const store = aStore({ url, commandTimeout: 1_000 });
    await store.get(KEY);
    const answer = store.get(KEY);
    await settle();
    // Blocks the thread.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_300);
    expect(await answer).toBe(undefined);
  });

  it('does not keep the process alive after the server closed the connection', async () => {
    const server = await aServer();
    const script = `
      import { redisStore } from './src/stores/redis/redis-store.ts';
      const store = redisStore({ url: process.argv[1] });
      await store.get('key');
      process.kill(Number(process.argv[2]), 'SIGKILL');
      while (await store.get('key').then(() => true, () => false));
      await store.close();
      process.stdout.write('closed');
    `;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script, server.url, `${server.pid}`];
    expect((await promisify(execFile)(process.execPath, args)).stdout).toBe('closed');
  });
});
