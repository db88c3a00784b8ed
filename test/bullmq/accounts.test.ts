import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { removeExport } from '../../src/bullmq/index.ts';
import { failure } from '../support/batch.ts';
import { gatedSource } from '../support/gated-source.ts';
import { type ManyHosts, manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

const FAST = { pollInterval: 20 };

describeWithRedis('the account of an export', () => {
  const redis = useRedis();

  function keysOf({ queue }: ManyHosts, name = 'all') {
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    return { client, key: `${redis.prefix}:export:{${queue.queue}:${name}}` };
  }

  it.each([
    // The account of the submitter, the first worker and the second worker; whether the second worker leaves the export alone.
    ['no account', undefined, 'a', 'a', false],
    ['no account', undefined, 'a', 'b', true],
    ['no account', undefined, 'a', undefined, true],
    ['no account', undefined, undefined, undefined, false],
    ['no account', undefined, undefined, 'a', true],
    ['an account', 'a', 'a', 'b', true],
    ['an account', 'a', 'a', 'a b', true],
    ['an account', 'a', 'a', undefined, true],
    ['the beginning of an account', 'v h *', 'v h a', 'v h a', false],
    ['the beginning of an account', 'v h *', 'v h a', 'v h b', true],
    ['the beginning of an account', 'v h *', 'v h a', 'v hh a', true],
  ])(
    'of a submitter with %s (%s), a worker %s and a worker %s: left alone %s',
    async (_, submitter, first, second, isLeft) => {
      const hosts = await manyHosts(redis, { records: 60, parts: 3 });
      const { client, key } = keysOf(hosts);
      const handle = await hosts.submit({ account: submitter });
      const { source, open } = gatedSource();
      const one = await hosts.worker({ account: first, source });
      await expect.poll(() => one.events.length).toBeGreaterThan(0);
      const other = await hosts.worker({ account: second });
      await expect.poll(() => other.events.length).toBeGreaterThan(0);
      open();
      await handle.finished(FAST);
      await hosts.expectWhole();
      expect(await client.hget(key, 'account')).toBe(first ?? '');

      if (isLeft) expect(other.events.map(({ type }) => type)).toEqual(['left-alone']);
      else expect(other.events.some(({ type }) => type === 'left-alone')).toBe(false);
    },
  );

  it('names both accounts, without control characters and user information of a URL', async () => {
    const hosts = await manyHosts(redis, { records: 60 });
    await hosts.submit({ account: 'https://bob:secret@api.example.com/\u001b[31m' });
    const { events } = await hosts.worker({ account: 'https://eve:secret@other.example.com' });
    await expect.poll(() => events.map(({ type }) => type)).toEqual(['left-alone']);
    const { error } = events[0] as { error: Error };
    expect(error.message).toMatch(
      /the export has account "https:\/\/api\.example\.com\/ \[31m", and this worker has account "https:\/\/other\.example\.com"/,
    );
    expect(error.message).not.toContain('secret');
  });

  it('is recorded once if workers of two accounts claim parts at the same moment', async () => {
    for (let round = 0; round < 2; round++) {
      const hosts = await manyHosts(redis, { records: 200, parts: 10 });
      const workers = await Promise.all(['a', 'b', 'a', 'b'].map((account) => hosts.worker({ account })));
      await (await hosts.submit()).finished(FAST);
      await hosts.expectWhole();
      const owners = workers.map(({ events }) => events.some(({ type }) => type === 'finished'));
      expect(owners[0] || owners[2]).not.toBe(owners[1] || owners[3]);
      await Promise.all(workers.map((worker) => worker.close()));
    }
  });

  it('stays the same when workers are killed and started again', async () => {
    const hosts = await manyHosts(redis, { records: 600, parts: 3, pageDelay: 20, pageSize: 20 });
    const { client, key } = keysOf(hosts);
    const handle = await hosts.submit();
    const first = await hosts.process({ takeover: 600, checkpointInterval: 0 });
    await first.until('progress');
    first.kill();
    await first.ended;
    const foreign = await hosts.worker({ account: 'another', takeover: 600 });
    await expect.poll(() => foreign.events.map(({ type }) => type)).toEqual(['left-alone']);
    expect(await client.hget(key, 'account')).toBe('simulated');
    await hosts.process({ takeover: 600 });
    expect(await handle.finished(FAST)).toMatchObject({ records: 600 });
    await hosts.expectWhole();
    expect(foreign.events).toHaveLength(1);
  });

  it('of an export of version 2, which has none, becomes the account of the first worker', async () => {
    const hosts = await manyHosts(redis, { records: 60 });
    const { client, key } = keysOf(hosts);
    await hosts.submit();
    await client.hset(key, 'version', '2');
    await hosts.worker({ account: 'a' });
    await expect.poll(() => client.hget(key, 'account')).toBe('a');
  });

  it.each([
    ['a', 'b', true],
    ['v h a', 'v x *', true],
    ['v h a', 'v h *', false],
    ['v h *', 'v h a', false],
    ['a', undefined, false],
  ])('%s: a second submission with the account %s is refused: %s', async (first, second, isRefused) => {
    const hosts = await manyHosts(redis, { records: 60, parts: 2 });
    const handle = await hosts.submit({ account: first });
    const again = () => hosts.submit({ account: second });
    const check = async (state: string) => {
      if (!isRefused) return expect((await again()).state).toBe(state);
      const error = await failure(again(), 'ERR_CHECKPOINT_MISMATCH');
      expect(error.message).toContain(`has account "${first}", not account "${second}"`);
    };
    await check('joined');
    if (first.endsWith('*')) return;
    await hosts.worker({ account: first });
    await handle.finished(FAST);
    await check('complete');
  });

  it('of workers without an account gives way to the account of a submitter', async () => {
    const hosts = await manyHosts(redis, { records: 60 });
    const { client, key } = keysOf(hosts);
    await hosts.submit();
    await client.hset(key, 'account', '');
    await hosts.submit({ account: 'a' });
    expect(await client.hget(key, 'account')).toBe('a');
  });

  it('is removed with the export', async () => {
    const hosts = await manyHosts(redis, { records: 60 });
    const { client } = keysOf(hosts);
    await (await hosts.submit({ account: 'simulated' })).close();
    const worker = await hosts.worker();
    await expect.poll(() => worker.events.some(({ type }) => type === 'finished')).toBe(true);
    await worker.close();
    await removeExport({ ...hosts.queue, name: 'all' });
    expect(await client.keys(`${redis.prefix}:export:{${hosts.queue.queue}:*`)).toEqual([]);
  });

  it('lets one worker of the account finish many small parts next to three workers of another account', async () => {
    const hosts = await manyHosts(redis, { records: 300, parts: 30 });
    const wrong = await Promise.all([1, 2, 3].map(() => hosts.worker({ account: 'another' })));
    await hosts.worker();
    await (await hosts.submit({ account: 'simulated' })).finished(FAST);
    await hosts.expectWhole();
    for (const { events } of wrong)
      expect(events.filter(({ type }) => type !== 'queue-error').length).toBeLessThanOrEqual(1);
    for (const { events } of wrong) expect(events.filter(({ type }) => type === 'queue-error')).toEqual([]);
  });

  it('does not block exports of the workers behind an export that has no worker', async () => {
    const hosts = await manyHosts(redis, { records: 60, parts: 300 });
    await hosts.submit({ account: 'of nobody' });
    await hosts.worker();
    const own = { name: 'own', output: 'own.jsonl', parts: [hosts.simulator.interval] };
    await (await hosts.submit(own)).finished(FAST);
    await hosts.expectWhole('own.jsonl');
  });

  it('does not block exports behind the parts of a more urgent export of another account, whose worker is busy', async () => {
    const hosts = await manyHosts(redis, { records: 60, parts: 600 });
    await hosts.submit({ account: 'theirs', priority: 0 });
    const { source, open } = gatedSource();
    const busy = await hosts.worker({ account: 'theirs', source });
    await expect.poll(() => busy.events.map(({ type }) => type)).toEqual(['started']);
    await hosts.worker({ account: 'ours' });
    const own = { name: 'own', output: 'own.jsonl', account: 'ours', parts: [hosts.simulator.interval] };
    await (await hosts.submit(own)).finished(FAST);
    await hosts.expectWhole('own.jsonl');
    open();
  }, 40_000);

  it('does not matter if the option `declines` returns a reason', async () => {
    const hosts = await manyHosts(redis, { records: 60 });
    const { client, key } = keysOf(hosts);
    const declining = await hosts.worker({
      declines: (common) => (common === 'theirs' ? 'not this export' : undefined),
    });
    const handle = await hosts.submit({ common: 'theirs' });
    await expect
      .poll(() => declining.events)
      .toMatchObject([{ type: 'left-alone', name: 'all', error: { message: 'not this export' } }]);
    expect(await client.hget(key, 'account')).toBe(null);
    await hosts.worker({ account: 'another' });
    await handle.finished(FAST);
    await hosts.expectWhole();
  });
});
