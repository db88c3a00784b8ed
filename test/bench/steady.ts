import { type Sample, steadyClients } from './client.ts';
import { startClient, takeSample } from './client-process.ts';
import { printTable, quantile, rotated } from './figures.ts';

const BASELINE = 'by hand';
const WARM_UP = 4_000;

/** Prints the cost of requests while the token is valid. */
export async function steady(baseURL: string, rounds: number, requests: number): Promise<void> {
  for (const [kind, url] of [
    ['relative URLs', '/data'],
    ['absolute URLs', `${baseURL}/data`],
  ] as const) {
    const clients = Object.keys(steadyClients).map((name) => ({
      name,
      process: startClient('./client.ts', name, baseURL, url),
    }));
    for (const client of clients) await takeSample(client.process, WARM_UP);

    const samples = new Map<string, Sample[]>(clients.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const client of rotated(clients, round)) {
        samples.get(client.name)?.push(await takeSample<Sample>(client.process, requests));
      }
    }
    for (const client of clients) client.process.disconnect();

    const base = samples.get(BASELINE) ?? [];
    const rows = [...samples].map(([name, own]) => {
      // Compare round by round: noise of the machine probably affected both clients of one round.
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
      `Steady state, ${kind}: 16 in flight, each client and the server in a separate process; medians of ${rounds} rounds of ${requests} requests`,
      ['', 'requests/s', `to ${BASELINE}`, 'middle half', 'CPU µs/request', 'by CPU'],
      rows,
    );
  }
}
