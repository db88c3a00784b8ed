import { manyHosts } from '../chaos/many-hosts.ts';
import { printTable, quantile, rotated } from './figures.ts';

const command = [process.execPath, 'dist/cli/main.js'] as const;
const WORKERS = [1, 3];

/**
 * Prints how much faster three workers export than one worker, from the submission to the merged file. The export has 24 parts,
 * and the API takes 50 ms for a page. Three workers on three machines could be three times as fast; here, they share the cores
 * of one machine with the API and Redis.
 */
export async function manyHostsThroughput(records: number, rounds: number): Promise<void> {
  const seconds = new Map<number, number[]>(WORKERS.map((workers) => [workers, []]));
  for (let round = 0; round < rounds; round++) {
    for (const workers of rotated(WORKERS, round)) {
      const result = await manyHosts({
        command,
        records,
        workers,
        parts: 24,
        kills: 0,
        pageDelay: 50,
        takeover: 15,
        seed: round,
      });
      if (result.lines !== records || result.lost > 0) throw new Error(`${workers} workers lost records`);
      seconds.get(workers)?.push(result.seconds);
    }
  }
  const one = quantile(seconds.get(1) ?? []);
  printTable(
    `Export of ${records} records in 24 parts, 50 ms a page, ${rounds} rounds; from submission to the merged file`,
    ['workers', 'seconds, p50', 'p10', 'p90', 'times as fast as 1'],
    WORKERS.map((workers) => {
      const times = seconds.get(workers) ?? [];
      const figures = [quantile(times), quantile(times, 0.1), quantile(times, 0.9), one / quantile(times)];
      return [`${workers}`, ...figures.map((figure) => figure.toFixed(2))];
    }),
  );
}
