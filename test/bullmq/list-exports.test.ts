import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { listExports } from '../../src/bullmq/index.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

describeWithRedis('listExports', () => {
  const redis = useRedis();

  it('forgets the names of exports that have expired', async () => {
    const hosts = await manyHosts(redis, { records: 10, parts: 1 });
    await hosts.submit({ name: 'a', output: 'a.jsonl' });
    await hosts.submit({ name: 'b', output: 'b.jsonl' });
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    await client.del(`${redis.prefix}:export:{${hosts.queue.queue}:a}`);
    expect((await listExports(hosts.queue)).map(({ name }) => name)).toEqual(['b']);
    expect(await client.zrange(`${redis.prefix}:exports:{${hosts.queue.queue}}`, '0', '-1')).toEqual(['b']);
  });
});
