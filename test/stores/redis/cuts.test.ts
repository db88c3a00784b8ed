import { connect, createServer, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type AuthRefreshEvent, createTokenManager, type TokenManager } from '../../../src/index.ts';
import { type RedisStoreOptions, redisStore } from '../../../src/stores/redis/redis-store.ts';
import { delay, type Fixture, startFixture } from '../../support/fixture.ts';
import { describeWithRedisServer, type RedisServer, startRedis } from '../../support/redis.ts';

/** When to cut a connection: before Redis receives data, or after Redis received it and before its reply. */
type Side = 'request' | 'reply';

/** A proxy that cuts the connection which carries the nth piece of data. */
interface CuttingProxy {
  port: number;
  cutAt(side: Side, nth: number): void;
  /** Returns whether the last cut has happened. */
  hasCut(): boolean;
}

async function aCuttingProxy(target: number): Promise<CuttingProxy> {
  let side: Side = 'request';
  let left = 0;
  const sockets = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(target, '127.0.0.1');
    const end = () => {
      from.destroy();
      to.destroy();
    };
    const pass = (of: Side, data: Buffer, other: Socket) => {
      if (of === side && --left === 0) end();
      else other.write(data);
    };
    from.on('data', (data) => pass('request', data, to));
    to.on('data', (data) => pass('reply', data, from));
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    cutAt: (at, nth) => ([side, left] = [at, nth]),
    hasCut: () => left <= 0,
  };
}

/** The ways to connect a store. A client of the user reconnects automatically. */
const WAYS: [string, (url: string) => Promise<RedisStoreOptions>][] = [
  ['a URL', async (url) => ({ url })],
  [
    'a client of ioredis',
    async (url) => {
      const client = new Redis(url, { retryStrategy: () => 20 });
      onTestFinished(() => client.disconnect());
      return { client };
    },
  ],
  [
    'a client of redis',
    async (url) => {
      const client = createClient({ url, socket: { reconnectStrategy: 20 } });
      onTestFinished(() => client.destroy());
      await client.connect();
      return { client };
    },
  ],
];

let prefixes = 0;

/** Creates managers that fetch no token without the store, and shows that no refresh of them fails. */
async function start(
  url: string,
  open: (url: string) => Promise<RedisStoreOptions>,
  more: RedisStoreOptions = {},
) {
  const fixture = await startFixture();
  const prefix = `cuts-${++prefixes}`;
  const events: AuthRefreshEvent[] = [];
  const create = (options: RedisStoreOptions): TokenManager => {
    const store = redisStore({ prefix, ...options, ...more });
    onTestFinished(() => store.close());
    return createTokenManager({
      vendor: fixture.vendor(),
      store,
      onStoreFailure: 'fail',
      onEvent: (event) => void events.push(event),
    });
  };
  return { fixture, events, create, one: create(await open(url)) };
}

/** Refreshes the token of all managers, after the API has refused it. The first manager asks first. */
async function refresh({ tokenRequests }: Fixture, managers: TokenManager[]): Promise<void> {
  const before = tokenRequests.length;
  for (const manager of managers) manager.reject(manager.current);
  const tokens = await Promise.all(managers.map((manager) => manager.getToken()));
  expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
  expect(tokenRequests).toHaveLength(before + 1);
}

const failuresOf = (events: readonly AuthRefreshEvent[]) =>
  events.filter(({ type }) => type === 'refresh-failed');

/** Every piece of data that a refresh sends or receives, and some more. */
const CUTS = (['request', 'reply'] as const).flatMap((side) =>
  Array.from({ length: 10 }, (_, nth) => [side, nth + 1] as const),
);

describeWithRedisServer("redisStore with onStoreFailure 'fail'", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.close());

  describe.each(WAYS)('and %s', (_, open) => {
    it.each(CUTS)(
      'fails no refresh and frees the lock within 5 seconds if the connection is cut at %s %i',
      async (side, nth) => {
        const proxy = await aCuttingProxy(server.port);
        const isSlow = nth % 2 === 0;
        // Renews the lock while a slow token is fetched.
        const more = { lockExpiry: isSlow ? 400 : 35_000 };
        const { fixture, create, events, one } = await start(`redis://127.0.0.1:${proxy.port}`, open, more);
        const two = create({ url: server.url });
        await one.getToken();
        await two.getToken();
        fixture.tokenDelay = isSlow ? 300 : 10;
        const startedAt = performance.now();
        proxy.cutAt(side, nth);
        await refresh(fixture, [one, two]);
        await refresh(fixture, [two, one]);
        await refresh(fixture, [one, two]);
        expect(performance.now() - startedAt).toBeLessThan(5_000);
        expect(failuresOf(events)).toEqual([]);
        expect(proxy.hasCut()).toBe(true);
      },
    );

    it.each(['normal', 'pubsub'])(
      'fails no refresh if Redis closes all connections of type %s at any time',
      async (type) => {
        const { fixture, create, events, one } = await start(server.url, open);
        const two = create(await open(server.url));
        const admin = new Redis(server.url);
        onTestFinished(() => admin.disconnect());
        const kill = () => admin.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
        await refresh(fixture, [one, two]);
        for (let round = 0; round < 10; round++) {
          if (round % 2 === 0) await kill();
          fixture.onToken = async (_, response) => {
            if (round % 3 === 0) await kill();
            fixture.issue(response);
            if (round % 5 === 0) await kill();
          };
          const startedAt = performance.now();
          await refresh(fixture, [one, two]);
          expect(performance.now() - startedAt).toBeLessThan(5_000);
        }
        expect(failuresOf(events)).toEqual([]);
      },
    );

    it('fails no refresh if Redis restarts', async () => {
      const own = await startRedis();
      onTestFinished(() => own.close());
      const { fixture, create, events, one } = await start(own.url, open);
      const two = create(await open(own.url));
      await refresh(fixture, [one, two]);
      await own.kill();
      const restarted = delay(1_000).then(() => own.restart());
      const startedAt = performance.now();
      await refresh(fixture, [one, two]);
      await restarted;
      fixture.onToken = async (_, response) => {
        await own.restart();
        fixture.issue(response);
      };
      await refresh(fixture, [one]);
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      expect(failuresOf(events)).toEqual([]);
    });
  });
});
