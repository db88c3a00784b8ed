/**
 * Shows that an export survives anything: `npm run chaos`, or `npm run chaos -- 200000 100` for so many records and
 * kills. Prints what happened, and ends with 1 when a record was lost or repeated.
 */
import { chaos } from './chaos.ts';

const [records = 200_000, kills = 100] = process.argv.slice(2).map(Number);
const seed = Date.now() % 1_000_000;
console.log(`seed           ${seed}`);
const result = await chaos({
  command: [process.execPath, 'dist/cli/main.js'],
  records,
  kills,
  faults: 0.05,
  revokeEvery: 100,
  pageDelay: 10,
  seed,
});
for (const [name, value] of Object.entries(result)) {
  console.log(`${name.padEnd(14)} ${typeof value === 'number' ? Math.round(value * 10) / 10 : value}`);
}
process.exitCode = result.identical && result.lost === 0 && result.repeated === 0 ? 0 : 1;
