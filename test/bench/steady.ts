import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { contestants, type Sample } from './client.ts';
import { printTable, quantile, rotated } from './figures.ts';

const BASELINE = 'by hand';
const WARM_UP = 4_000;

/** Prints what requests cost while the token is good. */
export async function steady(baseURL: string, rounds: number, requests: number): Promise<void> {
  for (const [kind, url] of [
    ['relative URLs', '/data'],
    ['absolute URLs', `${baseURL}/data`],
  ] as const) {
    const clients = Object.keys(contestants).map((name) => ({ name, process: start(name, baseURL, url) }));
    for (const client of clients) await measure(client.process, WARM_UP);

    const samples = new Map<string, Sample[]>(clients.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const client of rotated(clients, round)) {
        samples.get(client.name)?.push(await measure(client.process, requests));
      }
    }
    for (const client of clients) client.process.disconnect();

    const base = samples.get(BASELINE) ?? [];
    const rows = [...samples].map(([name, own]) => {
      // Round by round: what disturbed one of them probably disturbed the other.
      const rates = own.map(({ rate }, i) => rate / (base[i]?.rate ?? Number.NaN));
      const cpus = own.map(({ cpu }, i) => (base[i]?.cpu ?? Number.NaN) / cpu);
      return [
        name,
        quantile(own.map(({ rate }) => rate)).toFixed(0),
        quantile(rates).toFixed(3),
        `${quantile(rates, 0.25).toFixed(2)} to ${quantile(rates, 0.75).toFixed(2)}`,
        quantile(own.map(({ cpu }) => cpu)).toFixed(0),
        quantile(cpus).toFixed(3),
      ];
    });
    printTable(
      `Steady state, ${kind}: 16 in flight, each client and the server in processes of their own; medians of ${rounds} rounds of ${requests} requests`,
      ['', 'requests/s', `to ${BASELINE}`, 'middle half', 'CPU µs/request', 'by CPU'],
      rows,
    );
  }
}

function start(name: string, baseURL: string, url: string): ChildProcess {
  const execArgv = [...process.execArgv, '--expose-gc'];
  return fork(fileURLToPath(new URL('./client.ts', import.meta.url)), [name, baseURL, url], { execArgv });
}

async function measure(client: ChildProcess, requests: number): Promise<Sample> {
  client.send(requests);
  const [sample] = await once(client, 'message');
  return sample as Sample;
}
