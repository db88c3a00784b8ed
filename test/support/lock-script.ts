// A process of the tests: runs the lock actions that it reads from standard input, one per line.
import { createInterface } from 'node:readline';
import { systemClock } from '../../src/core/clock.ts';
import { acquireFileLock, type FileLock } from '../../src/core/node/file-lock.ts';

const [path = ''] = process.argv.slice(2);
let lock: FileLock | undefined;

const actions: Record<string, () => Promise<unknown>> = {
  take: async () => {
    lock = await acquireFileLock(path, systemClock);
  },
  verify: async () => lock?.verify(),
  release: async () => lock?.release(),
};

console.log('ready');
for await (const action of createInterface({ input: process.stdin })) {
  const result = await actions[action]?.().then(
    () => 'done',
    ({ code }) => code,
  );
  console.log(result);
}
