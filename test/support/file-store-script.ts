// Run as a process of its own by the tests: does as told with a file store, line by line on standard input.
import './end-with-parent.ts';
import { appendFile, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { StoredToken } from '../../src/core/token-store.ts';
import { fileStore } from '../../src/stores/file/file-store.ts';
import { aToken, theKey, waiting } from './file-store.ts';

const [directory = '', lock = ''] = process.argv.slice(2);
const store = fileStore({ directory, ...((lock === 'kernel' || lock === 'lease') && { lock }) });
// A limit on the size of files is to be an error, as a full disk is, and not the end.
process.on('SIGXFSZ', () => {});

const say = (text: string) =>
  new Promise<void>((resolve) => process.stdout.write(`${text}\n`, () => resolve()));

const actions: Record<string, (argument?: string) => Promise<unknown>> = {
  /** Holds the lock for a moment it never sees the end of, if it is killed; and writes late, if it was stopped. */
  async hold(duration) {
    await store.withLock(theKey, waiting({ duration: Number(duration) }), async ({ fence, signal }) => {
      await say(`held ${fence}`);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await say(`lost, written: ${await store.set(theKey, { ...aToken('late'), fence })}`);
    });
  },
  /** Writes for ever, each token greater than the last. */
  async writes() {
    for (;;) {
      const fence = ((await store.get(theKey))?.fence ?? 0) + 1;
      await store.set(theKey, { ...aToken(`token-${fence}`), fence }).catch(() => {});
    }
  },
  /** Finds out whether it is alone while it has the lock. */
  async alone() {
    const mark = join(directory, 'mark');
    for (let round = 0; round < 10; round++) {
      await store.withLock(theKey, waiting(), async ({ fence }) => {
        const file = await open(mark, 'wx');
        await appendFile(join(directory, 'log'), `${fence}\n`);
        await pause(2 * Math.random());
        await file.close();
        await rm(mark);
      });
    }
    await say('done');
  },
  /** Writes longer and longer tokens until there is no room. */
  async grow() {
    let kept = 0;
    for (let size = 1_000; size < 1_000_000; size += 3_000) {
      const error = await store.set(theKey, aToken('t'.repeat(size), size)).then(
        () => undefined,
        ({ message }: Error) => message,
      );
      if (error !== undefined) {
        const found = await store.get(theKey);
        const whole = kept > 0 && found?.fence === kept && found.token.accessToken.length === kept;
        const names = (await readdir(directory)).map((name) => name.replace(theKey, '')).sort();
        await say(`${error}\n${whole ? 'the last is kept' : 'lost'}\n${names}`);
        return;
      }
      kept = size;
    }
  },
  async work() {
    await say(`works: ${await store.withLock(theKey, waiting(), async () => true)}`);
  },
  async write() {
    await say(`written: ${await store.set(theKey, aToken('new', 2 ** 52))}`);
  },
  async read() {
    await say(`read: ${(await store.get(theKey)) !== undefined}`);
  },
  /** What token managers do. */
  async fetch() {
    const newer = (stored: StoredToken | undefined) =>
      stored && stored.token.accessToken !== 'old' ? stored.token : undefined;
    const token =
      newer(await store.get(theKey)) ??
      (await store.withLock(theKey, waiting({ stopWaitingWith: newer }), async ({ fence }) => {
        const there = newer(await store.get(theKey));
        if (there) return there;
        await appendFile(join(directory, 'log'), 'fetch\n');
        await pause(30);
        const { token } = aToken('new');
        await store.set(theKey, { token, fence });
        return token;
      }));
    await say(token.accessToken);
    await say(`timers: ${process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length}`);
  },
};

await say('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [action = '', argument] = line.split(' ');
  await actions[action]?.(argument).catch((error: Error) => say(`failed: ${error.message}`));
}
