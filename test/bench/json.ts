import { randomInt, randomUUID } from 'node:crypto';
import { mayHaveExactNumber } from '../../src/batch/json/number-scan.ts';
import { startVendorSimulator } from '../../src/testing/index.ts';
import { printTable, quantile } from './figures.ts';

const PAGES = 30;
const RECORDS = 100;

function user(): object {
  const id = randomUUID();
  const phone = `+4930${randomInt(1e8, 1e9)}`;
  return {
    id,
    name: 'A user',
    phone,
    created: 1.7e12 + randomInt(1e9),
    version: randomInt(100),
    selfUri: `/api/v2/users/${id}`,
  };
}

/** Prints the time of the scan for exact numbers as a share of the time of `JSON.parse`. The goal is at most 0.35. */
export async function json(rounds: number): Promise<void> {
  const simulator = await startVendorSimulator({ records: PAGES * RECORDS });
  const kinds: Record<string, (index: number) => unknown> = {
    conversations: (index) => simulator.record(index),
    users: user,
  };
  const rows = Object.entries(kinds).map(([name, record]) => {
    const pages = Array.from({ length: PAGES }, (_, page) => {
      const entities = Array.from({ length: RECORDS }, (_, index) => record(page * RECORDS + index));
      return Buffer.from(JSON.stringify({ entities, total: PAGES * RECORDS }));
    });
    const parse: number[] = [];
    const scan: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const texts = pages.map(String);
      parse.push(timeOf(() => texts.map((text): unknown => JSON.parse(text))));
      scan.push(timeOf(() => texts.map(mayHaveExactNumber)));
    }
    const [parsing, scanning] = [quantile(parse) / PAGES, quantile(scan) / PAGES];
    return [name, parsing.toFixed(2), scanning.toFixed(2), (scanning / parsing).toFixed(2)];
  });
  await simulator.close();
  printTable('Exact numbers, pages of 100 records', ['records', 'JSON.parse ms', 'scan ms', 'ratio'], rows);
}

/** Returns the CPU time of a function in milliseconds. */
function timeOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
