// The tests run this script as a process. The script reads actions on a Redis store from standard input, one a line.
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
  acquire: () =>
    new Promise((resolve, reject) => {
      const options = {
        duration: 5_000,
        signal: new AbortController().signal,
        stopWaitingWith: () => undefined,
      };
      const work = (acquired: TokenLock) => {
        lock = acquired;
        resolve('acquired');
        return new Promise<void>((done) => {
          release = done;
        });
      };
      store.withLock(key, options, work).catch(reject);
    }),
  set: async () => {
    const now = Date.now();
    const token = { accessToken: 'of the script', refreshAt: now + 1e6, expiresAt: now + 2e6 };
    return (await store.set(key, { token, fence: lock?.fence ?? 0 })) ? 'stored' : 'refused';
  },
  lost: async () => lock?.signal.aborted,
  release: async () => release(),
};

console.log('ready');
for await (const action of createInterface({ input: process.stdin })) {
  const reply = await actions[action]?.().catch(({ message }: Error) => message);
  console.log(reply ?? 'done');
}
