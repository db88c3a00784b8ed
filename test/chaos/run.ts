/**
 * Shows that an export survives anything: `npm run chaos`, or `npm run chaos -- 200000 100` for so many records and
 * kills; `npm run chaos -- many-hosts 200000 20` for one in 24 parts on three workers. Prints what happened, and ends with 1
 * when a record was lost or repeated.
 */
import { chaos } from './chaos.ts';
import { manyHosts } from './many-hosts.ts';

const [first, ...rest] = process.argv.slice(2);
const onManyHosts = first === 'many-hosts';
const [records = 200_000, kills = onManyHosts ? 20 : 100] = (onManyHosts ? rest : process.argv.slice(2)).map(
  Number,
);
const seed = Date.now() % 1_000_000;
const command = [process.execPath, 'dist/cli/main.js'] as const;
console.log(`seed           ${seed}`);
const result = onManyHosts
  ? await manyHosts({ command, records, kills, parts: 24, workers: 3, pageDelay: 50, takeover: 5, seed })
  : await chaos({ command, records, kills, faults: 0.05, revokeEvery: 100, pageDelay: 10, seed });
for (const [name, value] of Object.entries(result)) {
  console.log(`${name.padEnd(15)} ${typeof value === 'number' ? Math.round(value * 10) / 10 : value}`);
}
const intact = !('identical' in result) || result.identical;
process.exitCode = intact && result.lines === records && result.lost === 0 && result.repeated === 0 ? 0 : 1;
