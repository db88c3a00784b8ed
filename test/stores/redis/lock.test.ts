import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { advanceUntil, createManualClock } from '../../support/manual-clock.ts';
import { describeWithRedisServer } from '../../support/redis.ts';
import { aServer, aStore, aStored, hold, KEY, untilWaiting, waiting } from '../../support/redis-stores.ts';

const SCRIPT = fileURLToPath(new URL('../../support/redis-script.ts', import.meta.url));

const LOCK = `axios-oauth-refresh:{${KEY}}:lock`;

/** Starts a process with its own store. */
async function aProcess(
  url: string,
  lockExpiry = 5_000,
): Promise<{ child: ChildProcess; tell(action: string): Promise<string> }> {
  const args = ['--import', 'tsx', SCRIPT, url, KEY, `${lockExpiry}`];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => String((await lines.next()).value);
  expect(await line()).toBe('ready');
  return {
    child,
    tell(action) {
      child.stdin.write(`${action}\n`);
      return line();
    },
  };
}

async function aClient(url: string): Promise<Redis> {
  const client = new Redis(url);
  onTestFinished(() => client.disconnect());
  return client;
}

describeWithRedisServer('the lock of redisStore', () => {
  it('is acquired long before it expires after the holder on this machine is killed', async () => {
    const { url } = await aServer();
    const { child, tell } = await aProcess(url, 3_600_000);
    expect(await tell('acquire')).toBe('acquired');
    let killed = false;
    const acquired = aStore({ url }).withLock<boolean>(KEY, waiting(), async () => killed);
    await untilWaiting(url, 1);
    killed = true;
    child.kill('SIGKILL');
    expect(await acquired).toBe(true);
  });

  it('expires while its holder is suspended, whose late write is refused', async () => {
    const { url } = await aServer();
    const { child, tell } = await aProcess(url, 300);
    expect(await tell('acquire')).toBe('acquired');
    child.kill('SIGSTOP');
    const store = aStore({ url });
    await store.withLock(KEY, waiting(), async ({ fence }) => {
      child.kill('SIGCONT');
      await store.set(KEY, aStored('newer', fence));
    });
    expect(await tell('set')).toBe('refused');
    await expect.poll(() => tell('lost')).toBe('true');
    expect((await store.get(KEY))?.token.accessToken).toBe('newer');
    // A process that has lost the lock does not release the lock of the new holder.
    const held = await hold(store);
    await tell('release');
    const client = await aClient(url);
    expect(await client.exists(LOCK)).toBe(1);
    held.release();
    await held.done;
  });

  it('is renewed while the work runs', async () => {
    const { url } = await aServer();
    const expiry = 1_500;
    const held = await hold(aStore({ url, lockExpiry: expiry }));
    const other = aStore({ url }).withLock(KEY, waiting(), async () => 'worked');
    let worked = false;
    other.then(() => {
      worked = true;
    });
    const client = await aClient(url);
    for (const _ of [1, 2]) {
      // Each renewal sets the expiry of the store again.
      await client.pexpire(LOCK, 60_000);
      await expect.poll(() => client.pttl(LOCK)).toBeLessThanOrEqual(expiry);
    }
    expect(worked).toBe(false);
    expect(held.signal.aborted).toBe(false);
    held.release();
    expect(await other).toBe('worked');
  });

  it('is lost when Redis is flushed, and a late write is refused after the write of the new holder', async () => {
    const server = await aServer();
    const [early, late] = [aStore({ url: server.url, lockExpiry: 300 }), aStore({ url: server.url })];
    const held = await hold(early);
    await server.flushAll();
    const fence = await late.withLock(KEY, waiting(), async (lock) => {
      await late.set(KEY, aStored('newer', lock.fence));
      return lock.fence;
    });
    expect(fence).toBeGreaterThan(held.fence);
    expect(await early.set(KEY, aStored('late', held.fence))).toBe(false);
    await expect.poll(() => held.signal.aborted).toBe(true);
    held.release();
    expect(await held.done).toBe('worked');
    expect((await late.get(KEY))?.token.accessToken).toBe('newer');
  });

  it('is lost when its renewal fails until it expires', async () => {
    const server = await aServer();
    const clock = createManualClock();
    const held = await hold(aStore({ url: server.url, lockExpiry: 3_000, commandTimeout: 100, clock }));
    server.stop();
    // The renewal after 1 second fails, and so does the next.
    await clock.advance(2_900);
    expect(held.signal.aborted).toBe(false);
    await clock.advance(300);
    expect(held.signal.aborted).toBe(true);
    held.release();
    expect(await advanceUntil(held.done, clock)).toBe('worked');
  });

  it('is acquired after the server has dropped the cached scripts', async () => {
    const { url } = await aServer();
    const store = aStore({ url });
    const client = await aClient(url);
    const fences: number[] = [];
    for (const _ of [1, 2]) {
      fences.push(await store.withLock<number>(KEY, waiting(), async ({ fence }) => fence));
      await client.script('FLUSH');
    }
    expect(fences[1]).toBeGreaterThan(fences[0] ?? 0);
    expect(await store.set(KEY, aStored('a', fences[1]))).toBe(true);
  });

  it('has a greater fence than before even if the clock of Redis was set back', async () => {
    const { url } = await aServer();
    const store = aStore({ url });
    const client = await aClient(url);
    const ahead = (Date.now() + 3_600_000) * 1_000;
    await client.hset(`axios-oauth-refresh:{${KEY}}:token`, 'last', `${ahead}`);
    expect(await store.withLock<number>(KEY, waiting(), async ({ fence }) => fence)).toBe(ahead + 1);
  });

  it('ends all waits by a message after a token is stored, and no message contains the token', async () => {
    const { url } = await aServer();
    const listener = await aClient(url);
    const messages: string[] = [];
    listener.on('pmessage', (_pattern, channel, message) => messages.push(`${channel} ${message}`));
    await listener.psubscribe('*');
    const store = aStore({ url });
    // These stores never poll, because their clock stands still.
    const clock = createManualClock();
    const others = Array.from({ length: 8 }, () => aStore({ url, clock }));
    const held = await hold(store);
    const stopWaitingWith = ({ token }: { token: { accessToken: string } }) => token.accessToken;
    const waits = others.map((other) =>
      other.withLock(KEY, waiting({ stopWaitingWith }), async () => 'worked'),
    );
    await untilWaiting(url, others.length);
    await store.set(KEY, aStored('token-that-is-secret', held.fence));
    expect(await Promise.all(waits)).toEqual(others.map(() => 'token-that-is-secret'));
    held.release();
    await held.done;
    await expect
      .poll(() => messages)
      .toEqual(['stored', 'released'].map((what) => `axios-oauth-refresh:{${KEY}} ${what}`));
    expect(await listener.pubsub('NUMSUB', `axios-oauth-refresh:{${KEY}}`)).toEqual([
      `axios-oauth-refresh:{${KEY}}`,
      0,
    ]);
  });

  it('does not keep a finished script running, whether Redis runs or not', async () => {
    const server = await aServer();
    const script = `
      import { redisStore } from './src/stores/redis/redis-store.ts';
      const store = redisStore({ url: process.argv[1] });
      const options = { duration: 1_000, signal: new AbortController().signal, stopWaitingWith: () => undefined };
      const other = redisStore({ url: process.argv[1] });
      const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
      const lock = (store, work) => store.withLock('key', options, work);
      const one = lock(store, () => wait(200));
      await Promise.all([one, wait(50).then(() => lock(other, () => {}))]).then(
        () => process.stdout.write('worked'),
        () => process.stdout.write('failed'),
      );
    `;
    const run = () =>
      promisify(execFile)(process.execPath, [
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        script,
        server.url,
      ]);
    expect((await run()).stdout).toBe('worked');
    await server.kill();
    expect((await run()).stdout).toBe('failed');
  });
});
