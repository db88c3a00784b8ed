import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import axios from 'axios';
import { printTable, quantile, rotated } from './figures.ts';
import { BARE_AXIOS, FLOOR, foresightClients, type StormClient, stormClients } from './storm-clients.ts';

const FIRST = 5;
const LAST = 205;

interface Run {
  succeeded: number;
  fetches: number;
  wall: number;
  /** Milliseconds of CPU time in this process. */
  cpu: number;
}

interface Storm {
  url: string;
  inFlight: number;
  /** Whether a new token revokes the older tokens. If not, every token that was issued after the revocation stays valid. */
  newestOnly?: boolean;
  /** Lifetime of the first token in seconds; the requests start after it. */
  lifetime?: number;
}

/** Prints how each client copes with a revoked token while many requests are in flight. */
export async function storm(
  options: Storm,
  rounds: number,
  names = Object.keys(stormClients),
): Promise<void> {
  const runs = await runAll(names, rounds, options);
  const wallOf = (name: string) => quantile((runs.get(name) ?? []).map(({ wall }) => wall));
  const rule = options.newestOnly ? 'a new token revokes the older ones' : 'new tokens stay valid';
  printTable(
    `Storm: ${options.inFlight} requests in flight, their token was just revoked, ${rule}; answers after ${FIRST} to ${LAST} ms, token after 30 ms; medians of ${rounds} rounds`,
    ['', 'succeeded', 'token fetches', 'wall ms', 'to the floor', 'to bare axios', 'CPU ms'],
    [...runs].map(([name, all]) => [
      ...outcome(name, all, options.inFlight),
      wallOf(name).toFixed(0),
      (wallOf(name) / wallOf(FLOOR)).toFixed(2),
      (wallOf(name) / wallOf(BARE_AXIOS)).toFixed(2),
      quantile(all.map(({ cpu }) => cpu)).toFixed(0),
    ]),
  );
}

/** Prints how the clients that know the expiry cope with a token that expired before the requests start. */
export async function foreseenExpiry(url: string, inFlight: number, rounds: number): Promise<void> {
  const runs = await runAll(foresightClients, rounds, { url, inFlight, lifetime: 1 });
  printTable(
    `Foreseen expiry: ${inFlight} requests start after the token's expiry; ${rounds} rounds`,
    ['', 'succeeded', 'token fetches'],
    [...runs].map(([name, all]) => outcome(name, all, inFlight)),
  );
}

async function runAll(names: readonly string[], rounds: number, options: Storm): Promise<Map<string, Run[]>> {
  const runs = new Map<string, Run[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const name of rotated(names, round + names.length)) {
      const run = await runOnce(stormClients[name] as StormClient, options);
      // The first round is the warm-up.
      if (round >= 0) runs.get(name)?.push(run);
    }
  }
  return runs;
}

async function runOnce(client: StormClient, { url, inFlight, newestOnly, lifetime }: Storm): Promise<Run> {
  const agent = new Agent({ keepAlive: true });
  // Without keep-alive: the server closes idle connections after each run.
  const control = axios.create({ baseURL: url, proxy: false, httpAgent: new Agent({ keepAlive: false }) });
  const fetchToken = async () => (await control.post('/token')).data.access_token as string;
  if (lifetime) await control.post(`/next-lifetime?seconds=${lifetime}`);
  const send = await client({ url, fetchToken, agent });
  if (lifetime) await delay(lifetime * 1000 + 100);
  await control.post(newestOnly ? '/revoke' : '/revoke?keep-all');
  globalThis.gc?.();
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  const results = await Promise.allSettled(
    Array.from({ length: inFlight }, (_, i) => {
      const after = FIRST + ((LAST - FIRST) * i) / (inFlight - 1);
      return send(`/data?after=${after.toFixed(1)}`);
    }),
  );
  const wall = performance.now() - before;
  const { user, system } = process.cpuUsage(cpuBefore);
  const { data } = await control.get('/counts');
  agent.destroy();
  await control.post('/disconnect');
  await delay(50);
  return {
    succeeded: results.filter(({ status }) => status === 'fulfilled').length,
    fetches: data.tokens,
    wall,
    cpu: (user + system) / 1000,
  };
}

function outcome(name: string, runs: readonly Run[], inFlight: number): string[] {
  const succeeded = range(runs.map((run) => run.succeeded));
  return [name, `${succeeded} of ${inFlight}`, range(runs.map(({ fetches }) => fetches))];
}

function range(numbers: readonly number[]): string {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return low === high ? String(low) : `${low} to ${high}`;
}
