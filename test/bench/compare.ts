import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { printTable, quantile, rotated } from './figures.ts';

/** Exports everything and returns the number of records. */
export type Contestant = (url: string) => Promise<number>;

/** Prints the records per second of each contestant, and the ratio to the first. */
export async function compare(
  title: string,
  url: string,
  rounds: number,
  contestants: Record<string, Contestant>,
): Promise<void> {
  const entries = Object.entries(contestants);
  const rates = new Map<string, number[]>(entries.map(([name]) => [name, []]));
  const ratios = new Map<string, number[]>(entries.map(([name]) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    const current = new Map<string, number>();
    for (const [name, contestant] of rotated(entries, Math.max(round, 0))) {
      const began = performance.now();
      const records = await contestant(url);
      current.set(name, (records * 1000) / (performance.now() - began));
    }
    // The first round is the warm-up.
    if (round < 0) continue;
    const floor = current.get(entries[0]?.[0] ?? '') ?? Number.NaN;
    for (const [name, rate] of current) {
      rates.get(name)?.push(rate);
      // Other work on the machine slows down all contestants of a round, so the ratio within a round is more stable than the rates.
      ratios.get(name)?.push(rate / floor);
    }
  }
  printTable(
    `${title} (median of ${rounds})`,
    ['', 'records/s', 'ratio to the first'],
    entries.map(([name]) => [
      name,
      quantile(rates.get(name) ?? []).toFixed(0),
      quantile(ratios.get(name) ?? []).toFixed(2),
    ]),
  );
}

/** Starts a server with pages of records. */
export async function withPages(records: number, use: (url: string) => Promise<void>): Promise<void> {
  const server = fork(fileURLToPath(new URL('./pages.ts', import.meta.url)), [String(records)]);
  try {
    await use(await new Promise<string>((resolve) => server.once('message', (url) => resolve(String(url)))));
  } finally {
    server.disconnect();
  }
}
