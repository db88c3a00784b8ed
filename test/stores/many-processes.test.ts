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

/** Processes that share a token through one store. */
interface Processes {
  fixture: Fixture;
  children: ChildProcess[];
  redis: RedisServer | undefined;
  /** Sends the requests of each process at the same time. @returns the results of the processes that were not killed. */
  round(requests?: number): Promise<Round[]>;
  /** Returns the first process that emits the event. */
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
  const location = redis?.url ?? join(directory, 'tokens');
  const children = Array.from({ length: count }, () =>
    fork(SCRIPT, [fixture.url, kind, location, `${lockExpiry}`, `${tokenTimeout}`], {
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

const failuresOf = (rounds: readonly Round[]) =>
  rounds.flatMap(({ answers }) => answers).filter((answer) => answer !== 200);

const eventsOf = (rounds: readonly Round[], type: string) =>
  rounds.flatMap(({ events }) => events).filter((event) => event === type);

const withStore = (kind: Kind, tests: () => void) =>
  kind === 'redis' ? describeWithRedisServer('with Redis', tests) : describe(`with ${kind}`, tests);

describe('processes that share a token', () => {
  for (const kind of STORES) {
    withStore(kind, () => {
      it('fetch one token when 8 processes send 50 requests each with a revoked token, and all requests succeed', async () => {
        const processes = await start(kind, 8);
        for (let round = 1; round <= 3; round++) {
          const rounds = await processes.round();
          expect(rounds).toHaveLength(8);
          expect(failuresOf(rounds)).toEqual([]);
          expect(processes.fixture.tokenRequests).toHaveLength(round);
          expect(eventsOf(rounds, 'store-failed')).toEqual([]);
          processes.fixture.revokeAll();
        }
      });

      it('fetch the token in another process when the lock holder is killed, and no other request fails', async () => {
        const processes = await start(kind, 4);
        processes.fixture.tokenDelay = 300;
        const holder = processes.firstTo('store-lock-acquired').then((child) => child.kill('SIGKILL'));
        const rounds = await processes.round();
        await holder;
        expect(rounds).toHaveLength(3);
        expect(failuresOf(rounds)).toEqual([]);
        expect(processes.fixture.tokenRequests.length).toBeLessThanOrEqual(2);
        expect(eventsOf(rounds, 'store-failed')).toEqual([]);
      });
    });
  }
});

describe('many processes that share a token through files', () => {
  it('fetch one token for each revocation, and no request fails', async () => {
    const processes = await start('file', 16);
    for (let round = 1; round <= 10; round++) {
      const rounds = await processes.round(5);
      expect(failuresOf(rounds)).toEqual([]);
      expect(eventsOf(rounds, 'store-failed')).toEqual([]);
      expect(processes.fixture.tokenRequests).toHaveLength(round);
      processes.fixture.revokeAll();
    }
  });
});

describeWithRedisServer('processes that share a token through a Redis that fails', () => {
  it.each(['kill', 'stop'] as const)(
    'fail no request after %s, fetch at most one token each, and share a token again after Redis returns',
    async (failure) => {
      const processes = await start('redis', 4, SHORT);
      const redis = processes.redis as RedisServer;
      processes.fixture.tokenDelay = 100;
      const failed = processes.firstTo('store-lock-acquired').then(() => redis[failure]());
      const rounds = await processes.round();
      await failed;
      expect(rounds).toHaveLength(4);
      expect(failuresOf(rounds)).toEqual([]);
      expect(processes.fixture.tokenRequests.length).toBeLessThanOrEqual(4);
      expect(eventsOf(rounds, 'store-failed').length).toBeGreaterThan(0);

      // Redis is still unavailable in the next round, so each process fetches its own token.
      processes.fixture.revokeAll();
      const before = processes.fixture.tokenRequests.length;
      expect(failuresOf(await processes.round())).toEqual([]);
      expect(processes.fixture.tokenRequests.length - before).toBeLessThanOrEqual(4);

      if (failure === 'kill') await redis.restart();
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
      expect(failuresOf(recovered)).toEqual([]);
      expect(eventsOf(recovered, 'store-recovered').length).toBeGreaterThan(0);
    },
  );

  it('fail no request and share one token again after Redis is flushed during a fetch', async () => {
    const processes = await start('redis', 4, SHORT);
    processes.fixture.tokenDelay = 200;
    const emptied = processes.firstTo('store-lock-acquired').then(() => processes.redis?.flushAll());
    const rounds = await processes.round();
    await emptied;
    expect(failuresOf(rounds)).toEqual([]);
    // The lock holder, and one process that acquired the lock after the flush.
    expect(processes.fixture.tokenRequests.length).toBeLessThanOrEqual(2);
    processes.fixture.revokeAll();
    const before = processes.fixture.tokenRequests.length;
    expect(failuresOf(await processes.round())).toEqual([]);
    expect(processes.fixture.tokenRequests.length - before).toBe(1);
  });

  it('refuse the late write of a process that was suspended past the expiry of its lock, and fail no request', async () => {
    const processes = await start('redis', 4, SHORT);
    const { fixture } = processes;
    const holder = processes.firstTo('store-lock-acquired');
    fixture.onToken = async (_, response) => {
      // Suspend the lock holder before it receives its token, for longer than the expiry of its lock.
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
    expect(failuresOf(all)).toEqual([]);
    expect(eventsOf(all, 'store-write-refused')).toHaveLength(1);
    expect(fixture.tokenRequests).toHaveLength(2);
  });
});
