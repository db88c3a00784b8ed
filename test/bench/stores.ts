import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axios from 'axios';
import { startRedis } from '../support/redis-server.ts';
import { printTable, quantile } from './figures.ts';
import type { RoundResult } from './store-client.ts';

const PROCESSES = 8;
const SCRIPT = fileURLToPath(new URL('./store-client.ts', import.meta.url));

interface Contestant {
  name: string;
  kind: string;
  place: string;
}

/**
 * Prints how fast processes that share one OAuth client get a new token after a revocation. Each process has 50 requests, and a token
 * takes 400 ms, so that all processes wait for it. The columns: token fetches; the time from the token endpoint's answer until the
 * first process holds the token; the time from then until the last process holds it; and, after the process that holds the store lock
 * is killed, the time until another process holds the lock. The floor is the row without a store: all processes fetch a
 * token, and all fetches are answered at the same moment.
 */
export async function stores(url: string, rounds: number, withRedis: boolean): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-stores-'));
  const contestants: Contestant[] = [
    { name: 'no store, all fetches answered at once', kind: 'none', place: `${PROCESSES}` },
    { name: 'file store', kind: 'file', place: join(directory, 'kernel') },
    { name: 'file store, lease', kind: 'lease', place: join(directory, 'lease') },
  ];
  const redis = withRedis ? await startRedis() : undefined;
  if (redis) {
    contestants.push(
      { name: 'Redis store, ioredis', kind: 'ioredis', place: redis.url },
      { name: 'Redis store, redis', kind: 'redis', place: redis.url },
    );
  }
  try {
    const rows: string[][] = [];
    for (const contestant of contestants) {
      // Empty Redis: no contestant may find the token of another contestant.
      await redis?.restart();
      rows.push(await measure(url, contestant, rounds));
    }
    printTable(
      `${PROCESSES} processes with 50 requests each on a revoked token, ${rounds} rounds; medians in milliseconds`,
      [
        '',
        'succeeded',
        'fetches a round',
        'first holds it',
        'p90',
        'all, later',
        'p90',
        'holder killed',
        'p90',
      ],
      rows,
    );
  } finally {
    await redis?.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(url: string, { name, kind, place }: Contestant, rounds: number): Promise<string[]> {
  const children = await Promise.all(Array.from({ length: PROCESSES }, () => start(url, kind, place)));
  let succeeded = 0;
  const fetches: number[] = [];
  const first: number[] = [];
  const delays: number[] = [];
  try {
    for (let round = -1; round < rounds; round++) {
      await axios.get(`${url}/revoke`);
      const results = (await Promise.all(children.map(runRound))).filter((result) => result !== undefined);
      const { data } = await axios.get<{ tokens: number; answeredAt: string }>(`${url}/counts`);
      // In the first round, there is no token to revoke.
      if (round < 0) continue;
      succeeded += results.reduce((sum, result) => sum + result.succeeded, 0);
      fetches.push(data.tokens);
      const answeredAt = BigInt(data.answeredAt);
      const held = results.map(({ heldAt }) => milliseconds(BigInt(heldAt) - answeredAt));
      first.push(Math.min(...held));
      delays.push(Math.max(...held) - Math.min(...held));
    }
    const takeovers = kind === 'none' ? [] : await killHolders(url, kind, place, children, rounds);
    const shown = kind === 'none' ? [first, delays] : [first, delays, takeovers];
    const figures = shown.flatMap((times) => [quantile(times), quantile(times, 0.9)]);
    return [
      name,
      `${succeeded} of ${rounds * PROCESSES * 50}`,
      `${Math.min(...fetches)} to ${Math.max(...fetches)}`,
      ...figures.map((figure) => figure.toFixed(1)),
    ];
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

/**
 * Kills the process that holds the store lock, once in each round.
 *
 * @returns the milliseconds until another process held the lock, for each round.
 */
async function killHolders(
  url: string,
  kind: string,
  place: string,
  children: ChildProcess[],
  rounds: number,
): Promise<number[]> {
  const takeovers: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await axios.get(`${url}/revoke`);
    const holders: { child: ChildProcess; at: bigint }[] = [];
    let killedAt = 0n;
    const settled = children.map(async (child) => {
      const onMessage = (message: unknown) => {
        const { locked } = Object(message) as { locked?: string };
        if (locked === undefined) return;
        holders.push({ child, at: BigInt(locked) });
        if (holders.length > 1) return;
        killedAt = process.hrtime.bigint();
        child.kill('SIGKILL');
      };
      child.on('message', onMessage);
      await runRound(child);
      child.off('message', onMessage);
    });
    await Promise.all(settled);
    const [first, second] = holders;
    if (first && second) takeovers.push(milliseconds(second.at - killedAt));
    if (first) children[children.indexOf(first.child)] = await start(url, kind, place);
  }
  return takeovers;
}

async function start(url: string, kind: string, place: string): Promise<ChildProcess> {
  const child = fork(SCRIPT, [url, kind, place]);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`a client of the benchmark exited with code ${code}`)));
  });
  child.removeAllListeners('exit');
  return child;
}

/** @returns undefined if the process was killed during the round. */
function runRound(child: ChildProcess): Promise<RoundResult | undefined> {
  return new Promise((resolve) => {
    const end = (result?: RoundResult) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(result);
    };
    const onExit = () => end();
    const onMessage = (message: unknown) => {
      if (Object.hasOwn(Object(message), 'heldAt')) end(message as RoundResult);
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.send('go');
  });
}

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}
