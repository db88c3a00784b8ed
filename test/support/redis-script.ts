// Run as a process of its own by the tests: does as told with a Redis store, line by line on standard input.
import './end-with-parent.ts';
import { createInterface } from 'node:readline';
import type { TokenLock } from '../../src/core/token-store.ts';
import { redisStore } from '../../src/stores/redis/redis-store.ts';

const [url = '', key = '', lockExpiry = '5000'] = process.argv.slice(2);
const store = redisStore({ url, lockExpiry: Number(lockExpiry) });
let lock: TokenLock | undefined;
let release = () => {};

const actions: Record<string, () => Promise<unknown>> = {
  get: async () => (await store.get(key))?.token.accessToken ?? 'nothing',
  take: () =>
    new Promise((resolve, reject) => {
      const options = {
        duration: 5_000,
        signal: new AbortController().signal,
        stopWaitingWith: () => undefined,
      };
      const work = (taken: TokenLock) => {
        lock = taken;
        resolve('taken');
        return new Promise<void>((done) => {
          release = done;
        });
      };
      store.withLock(key, options, work).catch(reject);
    }),
  set: async () => {
    const now = Date.now();
    const token = { accessToken: 'of the script', refreshAt: now + 1e6, expiresAt: now + 2e6 };
    return (await store.set(key, { token, fence: lock?.fence ?? 0 })) ? 'kept' : 'refused';
  },
  lost: async () => lock?.signal.aborted,
  release: async () => release(),
};

console.log('ready');
for await (const action of createInterface({ input: process.stdin })) {
  const said = await actions[action]?.().catch(({ message }: Error) => message);
  console.log(said ?? 'done');
}
