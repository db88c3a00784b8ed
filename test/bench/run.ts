/**
 * Runs the benchmark: `npm run bench` for all parts, `npm run bench -- storm overhead` for some of them. See docs/benchmarks.md.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { works } from '../support/install-packages.ts';
import { findBin, HOW as POSTGRES_HOW } from '../support/postgres-setup.ts';
import { HOW } from '../support/redis-setup.ts';
import { exports } from './export.ts';
import { calibrate, quantile } from './figures.ts';
import { manyHostsThroughput } from './many-hosts.ts';
import { memory } from './memory.ts';
import { overhead } from './overhead.ts';
import { postgres } from './postgres.ts';
import type { Addresses } from './server.ts';
import { steady } from './steady.ts';
import { stores } from './stores.ts';
import { foreseenExpiry, storm } from './storm.ts';
import { BARE_AXIOS, FLOOR, ours } from './storm-clients.ts';

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc') as typeof globalThis.gc;

const chosen = process.argv.slice(2);
const wants = (part: string) => chosen.length === 0 || chosen.includes(part);

const server = fork(fileURLToPath(new URL('./server.ts', import.meta.url)));
const addresses = await new Promise<Addresses>((resolve, reject) => {
  server.once('message', (message) => resolve(message as Addresses));
  server.once('exit', (code) => reject(new Error(`the server of the benchmark exited with code ${code}`)));
});

const hasRedis = works('redis-server', '--version');
const noRedis = `redis-server was not found. ${HOW}, then run the benchmark again.`;

const started = performance.now();
console.log(
  `Node ${process.versions.node}, ${availableParallelism()} cores of ${cpus()[0]?.model ?? 'unknown'}, load ${loadavg()[0]?.toFixed(1)}`,
);
const calibrations: number[] = [];
const sample = () => {
  for (let i = 0; i < 15; i++) calibrations.push(calibrate());
};
calibrate();
sample();
if (wants('storm')) {
  const url = addresses.storm;
  await storm({ url, inFlight: 200 }, 5);
  await storm({ url, inFlight: 200, newestOnly: true }, 5);
  await storm({ url, inFlight: 1000 }, 5);
  await storm({ url, inFlight: 10_000 }, 5, [FLOOR, BARE_AXIOS, ours]);
  await foreseenExpiry(url, 200, 5);
  sample();
}
if (wants('overhead')) {
  await overhead(20, 3_000);
  sample();
}
if (wants('steady')) {
  await steady(addresses.steady, 41, 500);
  sample();
}
if (wants('memory')) {
  await memory(addresses.steady, 100_000);
  sample();
}
if (wants('json')) {
  // In a process of its own: with bullmq loaded, this process takes three times as long for a search in a text.
  await once(fork(fileURLToPath(new URL('./json-process.ts', import.meta.url))), 'exit');
  sample();
}
if (wants('export')) {
  await exports();
  sample();
}
if (wants('postgres')) {
  const bin = findBin();
  if (bin === undefined) console.log(`\npostgres: left out. Postgres was not found. ${POSTGRES_HOW}`);
  else await postgres(bin);
  sample();
}
if (wants('stores')) {
  if (!hasRedis) console.log(`\nstores: the Redis rows are left out. ${noRedis}`);
  await stores(addresses.storm, 25, hasRedis);
  sample();
}
if (wants('many-hosts') && !hasRedis) console.log(`\nmany-hosts: left out. ${noRedis}`);
if (wants('many-hosts') && hasRedis) {
  await manyHostsThroughput(60_000, 15);
  sample();
}

const [low, middle, high] = [0.1, 0.5, 0.9].map((share) => quantile(calibrations, share));
console.log(
  `\nNoise: a fixed piece of work took ${middle?.toFixed(1)} ms (80 % of the samples: ${low?.toFixed(1)} to ${high?.toFixed(1)} ms); load ${loadavg()[0]?.toFixed(1)}. The run took ${((performance.now() - started) / 1000).toFixed(0)} s.`,
);
server.removeAllListeners('exit');
server.disconnect();
