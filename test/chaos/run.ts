/**
 * Shows that an export loses and repeats no record, whatever happens: `npm run chaos`. `npm run chaos -- 200000 100` sets the number
 * of records and kills. `npm run chaos -- jobs` disturbs another export: `jobs`, `contacts`, `extraction`, `csv` or `gzip`.
 * `npm run chaos -- many-hosts 200000 20` runs an export in 24 parts on three workers, beside
 * one with a read-only directory, one without network and one of another account. `npm run chaos -- nights 1000 30` exports a day each
 * night, with 1000 conversations a day and 30 nights, and `nights-postgres` or `nights-postgres-segments` into a table. Prints the result, and exits with code 1 if a record was lost or repeated.
 */
import { startPostgres } from '../support/postgres-server.ts';
import { findBin, HOW } from '../support/postgres-setup.ts';
import { chaos } from './chaos.ts';
import { manyHosts } from './many-hosts.ts';
import { exportNights } from './nights.ts';
import type { OutputName } from './nights-outputs.ts';
import { printCounts } from './nights-postgres.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';

const args = process.argv.slice(2);
const NIGHTS: Readonly<Record<string, OutputName>> = {
  nights: 'gzip',
  'nights-postgres': 'postgres',
  'nights-postgres-segments': 'postgres-segments',
};
const output = NIGHTS[args[0] ?? ''];
if (output !== undefined) {
  const [recordsPerDay = 1000, nights = 30] = args.slice(1).map(Number);
  const bin = output === 'gzip' ? undefined : findBin();
  if (output !== 'gzip' && bin === undefined) throw new Error(`Postgres was not found. ${HOW}`);
  const server = bin === undefined ? undefined : await startPostgres(bin);
  const since = '2026-10-05';
  const options = { since, nights, timeZone: 'Europe/Berlin', recordsPerDay, reread: 2, faults: 0.05 };
  const seed = Date.now() % 1_000_000;
  try {
    const figures = await exportNights({ output, ...options, seed, ...(server && { location: server.url }) });
    for (const [label, value] of Object.entries({ seed, ...figures }))
      console.log(`${label.padEnd(15)} ${Math.round(value * 10) / 10}`);
    if (server) await printCounts(server.url);
    const { lost, repeated, misplaced, outdated } = figures;
    process.exitCode = lost + repeated + misplaced + outdated === 0 ? 0 : 1;
  } finally {
    await server?.close();
  }
  process.exit();
}
const name = /^[a-z]/.test(args[0] ?? '') ? String(args.shift()) : 'conversations';
const onManyHosts = name === 'many-hosts';
const isDefault = name === 'conversations';
const [
  records = isDefault || onManyHosts ? 200_000 : 50_000,
  kills = isDefault ? 100 : onManyHosts ? 20 : 40,
] = args.map(Number);
if (!onManyHosts && !Object.hasOwn(SCENARIOS, name)) {
  throw new Error(`unknown export ${name}; choose one of ${Object.keys(SCENARIOS).join(', ')}, many-hosts`);
}
const seed = Date.now() % 1_000_000;
const command = [process.execPath, 'dist/cli/main.js'] as const;
console.log(`seed           ${seed}`);
const scenario = name as ScenarioName;
const result = onManyHosts
  ? await manyHosts({
      command,
      records,
      kills,
      parts: 24,
      workers: 3,
      pageDelay: 50,
      takeover: 5,
      badWorkers: true,
      seed,
    })
  : await chaos({ command, scenario, records, kills, faults: 0.05, revokeEvery: 100, pageDelay: 10, seed });
for (const [label, value] of Object.entries(result)) {
  console.log(`${label.padEnd(15)} ${typeof value === 'number' ? Math.round(value * 10) / 10 : value}`);
}
const { identical } = result;
process.exitCode =
  identical && result.lines === records && result.lost === 0 && result.repeated === 0 ? 0 : 1;
