/**
 * Shows that an export loses and repeats no record, whatever happens: `npm run chaos`. `npm run chaos -- 200000 100` sets the number
 * of records and kills; `npm run chaos -- many-hosts 200000 20` runs an export in 24 parts on three workers. Prints the result, and
 * exits with code 1 if a record was lost or repeated.
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
