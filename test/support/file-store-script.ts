// The tests run this script as a process. The script reads actions on a file store from standard input, one a line.
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
// A file that exceeds the size limit must cause an error like a full disk, instead of ending the process.
process.on('SIGXFSZ', () => {});

const print = (text: string) =>
  new Promise<void>((resolve) => process.stdout.write(`${text}\n`, () => resolve()));

const actions: Record<string, (argument?: string) => Promise<unknown>> = {
  /** Holds the lock until it is lost, then writes with the old fence. */
  async hold(duration) {
    await store.withLock(theKey, waiting({ duration: Number(duration) }), async ({ fence, signal }) => {
      await print(`held ${fence}`);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await print(`lost, written: ${await store.set(theKey, { ...aToken('late'), fence })}`);
    });
  },
  /** Writes tokens with increasing fences without end. */
  async writes() {
    for (;;) {
      const fence = ((await store.get(theKey))?.fence ?? 0) + 1;
      await store.set(theKey, { ...aToken(`token-${fence}`), fence }).catch(() => {});
    }
  },
  /** Checks that no other process holds the lock at the same time. */
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
    await print('done');
  },
  /** Writes longer and longer tokens until the disk is full. */
  async grow() {
    let stored = 0;
    for (let size = 1_000; size < 1_000_000; size += 3_000) {
      const error = await store.set(theKey, aToken('t'.repeat(size), size)).then(
        () => undefined,
        ({ message }: Error) => message,
      );
      if (error !== undefined) {
        const found = await store.get(theKey);
        const whole = stored > 0 && found?.fence === stored && found.token.accessToken.length === stored;
        const names = (await readdir(directory)).map((name) => name.replace(theKey, '')).sort();
        await print(`${error}\n${whole ? 'the last token is stored' : 'lost'}\n${names}`);
        return;
      }
      stored = size;
    }
  },
  async work() {
    await print(`works: ${await store.withLock(theKey, waiting(), async () => true)}`);
  },
  async write() {
    await print(`written: ${await store.set(theKey, aToken('new', 2 ** 52))}`);
  },
  async read() {
    await print(`read: ${(await store.get(theKey)) !== undefined}`);
  },
  /** Fetches a token as token managers do. */
  async fetch() {
    const newer = (stored: StoredToken | undefined) =>
      stored && stored.token.accessToken !== 'old' ? stored.token : undefined;
    const token =
      newer(await store.get(theKey)) ??
      (await store.withLock(theKey, waiting({ stopWaitingWith: newer }), async ({ fence }) => {
        const current = newer(await store.get(theKey));
        if (current) return current;
        await appendFile(join(directory, 'log'), 'fetch\n');
        await pause(30);
        const { token } = aToken('new');
        await store.set(theKey, { token, fence });
        return token;
      }));
    await print(token.accessToken);
    await print(`timers: ${process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length}`);
  },
};

await print('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [action = '', argument] = line.split(' ');
  await actions[action]?.(argument).catch((error: Error) => print(`failed: ${error.message}`));
}
