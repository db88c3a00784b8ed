import { startClient, takeSample } from './client-process.ts';
import { printTable, quantile, rotated } from './figures.ts';
import { MINIMAL, overheadClients } from './overhead-client.ts';

const WARM_UP = 40_000;
const GENERATIONS = 5;

/** Microseconds over the minimal guard. */
const GOALS: Record<string, number> = { 'ours, retry: false': 0.5, 'ours, default retry': 1.5 };

/** Prints the CPU time of one request without a network, compared with a guard that does as little as possible. */
export async function overhead(rounds: number, requests: number): Promise<void> {
  const samples = new Map<string, number[]>(Object.keys(overheadClients).map((name) => [name, []]));
  // What the compiler makes of the same code differs by a microsecond between processes, so each client has several.
  for (let generation = 0; generation < GENERATIONS; generation++) {
    const clients = [...samples.keys()].map((name) => ({
      name,
      process: startClient('./overhead-client.ts', name),
    }));
    for (const client of clients) await takeSample(client.process, WARM_UP);
    for (let round = 0; round < rounds / GENERATIONS; round++) {
      for (const client of rotated(clients, round)) {
        samples.get(client.name)?.push(await takeSample<number>(client.process, requests));
      }
    }
    for (const client of clients) client.process.disconnect();
  }

  const minimal = samples.get(MINIMAL) ?? [];
  const [quietest, median] = [0.1, 0.5];
  printTable(
    `Overhead: CPU time of one request without a network in microseconds, each client in a separate process; ${rounds} rounds of ${requests} requests`,
    ['', 'median', 'over the minimal guard', 'p10', 'over the minimal guard', 'goal'],
    [...samples].map(([name, own]) => {
      // Compare round by round: noise of the machine probably affected both clients of one round.
      const over = own.map((cpu, i) => cpu - (minimal[i] ?? Number.NaN));
      const figures = [
        quantile(own, median),
        quantile(over, median),
        quantile(own, quietest),
        quantile(own, quietest) - quantile(minimal, quietest),
      ];
      const goal = GOALS[name];
      return [
        name,
        ...figures.map((figure) => figure.toFixed(1)),
        goal === undefined ? '' : `at most ${goal}`,
      ];
    }),
  );
}
