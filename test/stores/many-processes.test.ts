import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Fixture, startFixture } from '../support/fixture.ts';
import { describeWithRedisServer, type RedisServer, startRedis } from '../support/redis.ts';
import type { Round } from '../support/shared-token-script.ts';

const SCRIPT = resolve(import.meta.dirname, '../support/shared-token-script.ts');

const STORES = ['file', 'lease', 'redis'] as const;
type Kind = (typeof STORES)[number];

/** Processes that share a token by way of one store. */
interface Processes {
  fixture: Fixture;
  children: ChildProcess[];
  redis: RedisServer | undefined;
  /** Has each of them send so many requests at once. @returns how it went in each that was not killed. */
  round(requests?: number): Promise<Round[]>;
  /** The first that tells of an event. */
  firstTo(event: string): Promise<ChildProcess>;
}

/** Times in milliseconds: longer than any test, or short enough to run out during one. */
const LONG = { lockExpiry: 3_600_000, tokenTimeout: 3_600_000 };
const SHORT = { lockExpiry: 1_500, tokenTimeout: 5_000 };

async function start(kind: Kind, count: number, { lockExpiry, tokenTimeout } = LONG): Promise<Processes> {
  const fixture = await startFixture();
  fixture.tokenDelay = 30;
  const directory = await mkdtemp(join(tmpdir(), 'processes-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const redis = kind === 'redis' ? await startRedis() : undefined;
  if (redis) onTestFinished(() => redis.close());
  const place = redis?.url ?? join(directory, 'tokens');
  const children = Array.from({ length: count }, () =>
    fork(SCRIPT, [fixture.url, kind, place, `${lockExpiry}`, `${tokenTimeout}`], {
      execArgv: ['--import', 'tsx'],
    }),
  );
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  await Promise.all(children.map((child) => new Promise((ready) => child.once('message', ready))));
  return {
    fixture,
    children,
    redis,
    async round(requests = 50) {
      const alive = children.filter(({ signalCode }) => signalCode === null);
      const rounds = await Promise.all(alive.map((child) => roundOf(child, requests)));
      return rounds.filter((round) => round !== undefined);
    },
    firstTo: (event) =>
      Promise.race(
        children.map(
          (child) =>
            new Promise<ChildProcess>((found) => {
              child.on('message', (message) => {
                if ((message as { event?: string }).event === event) found(child);
              });
            }),
        ),
      ),
  };
}

function roundOf(child: ChildProcess, requests: number): Promise<Round | undefined> {
  return new Promise((done) => {
    const end = (round?: Round) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      done(round);
    };
    const onExit = () => end();
    const onMessage = (message: unknown) => {
      if (Object.hasOwn(Object(message), 'answers')) end(message as Round);
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.send(requests);
  });
}

const others = (rounds: readonly Round[]) =>
  rounds.flatMap(({ answers }) => answers).filter((answer) => answer !== 200);

const eventsOf = (rounds: readonly Round[], type: string) =>
  rounds.flatMap(({ events }) => events).filter((event) => event === type);

const withStore = (kind: Kind, tests: () => void) =>
  kind === 'redis' ? describeWithRedisServer('with Redis', tests) : describe(`with ${kind}`, tests);

describe('scenario 40: one token fetch for the requests of many processes', () => {
  for (const kind of STORES) {
    withStore(kind, () => {
      it('8 processes with 50 requests each on a revoked token: one fetch a round, and all succeed', async () => {
        const processes = await start(kind, 8);
        for (let round = 1; round <= 5; round++) {
          const rounds = await processes.round();
          expect(rounds).toHaveLength(8);
          expect(others(rounds)).toEqual([]);
          expect(processes.fixture.tokenRequests).toHaveLength(round);
          expect(eventsOf(rounds, 'store-failed')).toEqual([]);
          processes.fixture.revokeAll();
        }
      });

      it('the process whose turn it is dies: another fetches, and no request of the others fails', async () => {
        const processes = await start(kind, 4);
        processes.fixture.tokenDelay = 300;
        const holder = processes.firstTo('store-lock-acquired').then((child) => child.kill('SIGKILL'));
        const rounds = await processes.round();
        await holder;
        expect(rounds).toHaveLength(3);
        expect(others(rounds)).toEqual([]);
        expect(processes.fixture.tokenRequests.length).toBeLessThanOrEqual(2);
        expect(eventsOf(rounds, 'store-failed')).toEqual([]);
      });
    });
  }
});

describeWithRedisServer('scenario 41: a Redis in trouble', () => {
  it.each(['kill', 'stop'] as const)(
    'in mid-round (%s): no request fails, a fetch a process at most, and sharing returns by itself',
    async (trouble) => {
      const processes = await start('redis', 4, SHORT);
      const redis = processes.redis as RedisServer;
      processes.fixture.tokenDelay = 100;
      const troubled = processes.firstTo('store-lock-acquired').then(() => redis[trouble]());
      const rounds = await processes.round();
      await troubled;
      expect(rounds).toHaveLength(4);
      expect(others(rounds)).toEqual([]);
      expect(processes.fixture.tokenRequests.length).toBeLessThanOrEqual(4);
      expect(eventsOf(rounds, 'store-failed').length).toBeGreaterThan(0);

      // Without it the next round, too: each for itself.
      processes.fixture.revokeAll();
      const before = processes.fixture.tokenRequests.length;
      expect(others(await processes.round())).toEqual([]);
      expect(processes.fixture.tokenRequests.length - before).toBeLessThanOrEqual(4);

      if (trouble === 'kill') await redis.restart();
      else redis.continue();
      const recovered: Round[] = [];
      // Each process uses Redis again half a second after its last failure at the latest.
      await expect
        .poll(async () => {
          processes.fixture.revokeAll();
          const fetched = processes.fixture.tokenRequests.length;
          recovered.push(...(await processes.round()));
          return processes.fixture.tokenRequests.length - fetched;
        })
        .toBe(1);
      expect(others(recovered)).toEqual([]);
      expect(eventsOf(recovered, 'store-recovered').length).toBeGreaterThan(0);
    },
  );

  it('emptied in mid-round: the late write is refused or overwritten, and no request fails', async () => {
    const processes = await start('redis', 4, SHORT);
    processes.fixture.tokenDelay = 200;
    const emptied = processes.firstTo('store-lock-acquired').then(() => processes.redis?.flushAll());
    const rounds = await processes.round();
    await emptied;
    expect(others(rounds)).toEqual([]);
    // Whoever was fetching, and one more who found the lock gone.
    expect(processes.fixture.tokenRequests.length).toBeLessThanOrEqual(2);
    processes.fixture.revokeAll();
    const before = processes.fixture.tokenRequests.length;
    expect(others(await processes.round())).toEqual([]);
    expect(processes.fixture.tokenRequests.length - before).toBe(1);
  });

  it('a process is stopped past the expiry of its lock and continued: its late write is refused, no request fails', async () => {
    const processes = await start('redis', 4, SHORT);
    const { fixture } = processes;
    const holder = processes.firstTo('store-lock-acquired');
    fixture.onToken = async (_, response) => {
      // Its token is on the way when it is stopped, for longer than its lock lasts without a sign of life.
      if (fixture.tokenRequests.length === 1) (await holder).kill('SIGSTOP');
      fixture.issue(response);
    };
    const written = processes.firstTo('refresh-succeeded');
    const rounds = processes.round();
    await written;
    expect(fixture.issued).toHaveLength(2);
    (await holder).kill('SIGCONT');
    const all = await rounds;
    expect(all).toHaveLength(4);
    expect(others(all)).toEqual([]);
    expect(eventsOf(all, 'store-write-refused')).toHaveLength(1);
    expect(fixture.tokenRequests).toHaveLength(2);
  });
});
