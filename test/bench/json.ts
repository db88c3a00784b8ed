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
    const samples = Array.from({ length: rounds }, () => {
      let [parse, scan] = [0, 0];
      for (const page of pages) {
        // As for a response: the text is new, and the scan follows the parser.
        const text = String(page);
        parse += timeOf(() => JSON.parse(text));
        scan += timeOf(() => mayHaveExactNumber(text));
      }
      return { parse: parse / PAGES, scan: scan / PAGES, ratio: scan / parse };
    });
    const figures = (['parse', 'scan', 'ratio'] as const).map((figure) =>
      quantile(samples.map((sample) => sample[figure])).toFixed(figure === 'ratio' ? 2 : 3),
    );
    return [name, ...figures];
  });
  await simulator.close();
  printTable(
    `Exact numbers, pages of ${RECORDS} records (median of ${rounds} rounds)`,
    ['records', 'JSON.parse ms', 'scan ms', 'ratio'],
    rows,
  );
}

/** Returns the CPU time of a function in milliseconds. */
function timeOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
