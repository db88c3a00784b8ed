import { inspect } from 'node:util';
import axios from 'axios';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import type { Json } from '../../src/batch/index.ts';
import { readDescription, writeDescription } from '../../src/bullmq/description.ts';
import { removeExport, type SubmitOptions, startExportWorker, submitExport } from '../../src/bullmq/index.ts';
import { ConfigurationError } from '../../src/index.ts';
import { failure, preparedPages, temporaryDirectory } from '../support/batch.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, describeWithRedisServer, startRedis, useRedis } from '../support/redis.ts';

const SUBMIT: SubmitOptions = { connection: 'redis://127.0.0.1:1', name: 'x', parts: [1], output: 'x.jsonl' };

/** Returns the message of the ConfigurationError that a promise rejects with. */
async function refused(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigurationError);
  return (error as Error).message;
}

it('submitExport refuses an output that is not a plain path below the directory of the workers', async () => {
  for (const output of [
    '../x.jsonl',
    'a/../../x',
    '/etc/x',
    'C:/x',
    'a\\b',
    'a//b',
    '',
    '.hidden',
    'a/.',
    'x\n',
    'x\u0000',
    'x..y/z',
    'a.parts/x',
    'x.merging.12',
    `${'x'.repeat(300)}`,
    // Few characters, but more bytes than a file name may have.
    'é'.repeat(120),
  ]) {
    expect(await refused(submitExport({ ...SUBMIT, output }))).toContain('output must be a file name');
  }
});

it('submitExport lists every invalid option in one error', async () => {
  const message = await refused(
    submitExport({ ...SUBMIT, queue: 'a:b', prefix: '', name: '../x', attempts: 0, retryDelay: -1 }),
  );
  for (const part of [
    'queue must be',
    'prefix must be',
    'name must be',
    'attempts must',
    'retryDelay must',
  ]) {
    expect(message).toContain(part);
  }
  expect(await refused(submitExport({ ...SUBMIT, parts: [] }))).toContain('at least one part');
  expect(await refused(submitExport({ ...SUBMIT, parts: Array.from({ length: 5001 }, () => 1) }))).toContain(
    'at most 5000',
  );
  const circle: Json[] = [];
  circle.push(circle);
  for (const part of [1n, () => 1, undefined, circle]) {
    const parts: Json[] = Object([part]);
    expect(await refused(submitExport({ ...SUBMIT, parts }))).toContain('parts must contain only JSON');
  }
  for (const output of ['x.parquet', 'x.tsv.gz']) {
    expect(await refused(submitExport({ ...SUBMIT, output }))).toContain(
      `of ${output} is not a known format`,
    );
  }
  // Checked at submission, because the merge comes after hours of work.
  const csv = (options: object) => refused(submitExport({ ...SUBMIT, output: 'x.csv', csv: options }));
  expect(await csv({ columns: [] })).toContain('csv.columns must not be empty');
  expect(await csv({ delimiter: 'ab' })).toContain('csv.delimiter must be one character');
  expect(await csv({ columns: 'id' })).toContain('csv must be an object with options of csvFile');
});

it('startExportWorker lists every invalid option in one error', async () => {
  const api = axios.create();
  const source = () => preparedPages([]);
  const directory = await temporaryDirectory();
  const right = { connection: 'redis://127.0.0.1:1', api, source, directory };
  const message = await refused(
    startExportWorker({
      ...right,
      concurrency: 0,
      takeover: 10,
      readAhead: -1,
      rate: { requests: 0 },
      directory: '',
    }),
  );
  for (const part of [
    'directory must',
    'concurrency must',
    'takeover must',
    'readAhead must',
    'rate.requests',
  ]) {
    expect(message).toContain(part);
  }
  expect(await refused(startExportWorker({ ...right, directory: `${directory}/missing` }))).toContain(
    'is not a directory',
  );
});

it('an invalid or unreachable connection is an error without the password', async () => {
  for (const connection of ['http://x:hunter2@y', 'hunter2', 'redis//:hunter2@y']) {
    expect(await refused(submitExport({ ...SUBMIT, connection }))).not.toContain('hunter2');
  }
  const error = await failure(
    submitExport({ ...SUBMIT, connection: 'redis://:hunter2@127.0.0.1:1' }),
    'ERR_QUEUE',
  );
  expect(error.message).toMatch(/cannot connect to Redis at 127\.0\.0\.1:1: .*ECONNREFUSED/);
  expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
});

describeWithRedisServer('when Redis requires a password', () => {
  it('the error says whether the password is missing or wrong, and does not contain it', async () => {
    const redis = await startRedis({ password: 'right-one' });
    onTestFinished(() => redis.close());
    const missing = await failure(
      removeExport({ connection: `redis://127.0.0.1:${redis.port}`, name: 'x' }),
      'ERR_QUEUE',
    );
    expect(missing.message).toContain('NOAUTH');
    const wrong = await failure(
      removeExport({ connection: `redis://:wrong-one@127.0.0.1:${redis.port}`, name: 'x' }),
      'ERR_QUEUE',
    );
    expect(wrong.message).toContain('WRONGPASS');
    expect(inspect(wrong, { depth: 10 })).not.toContain('wrong-one');
    expect(await removeExport({ connection: redis.url, name: 'x' })).toBe(false);
  });
});

describeWithRedis('the data of an export in Redis', () => {
  const redis = useRedis();

  it('is not trusted: an output outside the directory fails the export', async () => {
    const hosts = await manyHosts(redis);
    const handle = await hosts.submit();
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    const key = `${redis.prefix}:export:{${hosts.queue.queue}:all}`;
    const description = JSON.parse((await client.hget(key, 'description')) ?? '');
    await client.hset(key, 'description', JSON.stringify({ ...description, output: '../../evil' }));
    const worker = await hosts.worker();
    const error = await failure(handle.finished({ pollInterval: 20 }), 'ERR_QUEUE');
    expect(error.message).toContain('output must be a file name');
    expect(hosts.simulator.counts.apiRequests).toBe(0);
    expect(worker.events.some(({ type }) => type === 'failed')).toBe(true);
  });

  it('contains neither credentials nor the address of the API', async () => {
    const hosts = await manyHosts(redis, { pageDelay: 20, parts: 2 });
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    const worker = await hosts.worker({ checkpointInterval: 0, readAhead: 1 });
    const handle = await hosts.submit();
    const pages = () => worker.events.filter(({ type }) => type === 'progress').length;
    await expect.poll(pages).toBeGreaterThan(3);
    const found: string[] = [];
    for await (const keys of client.scanStream({ match: `${redis.prefix}*` })) {
      for (const key of keys as string[]) {
        const type = await client.type(key);
        if (type === 'hash') found.push(key, JSON.stringify(await client.hgetall(key)));
      }
    }
    const text = found.join('\n');
    expect(text).toContain('all.jsonl');
    expect(text).toContain('genesys-conversations');
    for (const secret of [hosts.simulator.clientSecret, hosts.simulator.clientId, hosts.simulator.url]) {
      expect(text).not.toContain(secret);
    }
    await handle.finished({ pollInterval: 20 });
  });

  it('is accessible through an ioredis client of the caller, which stays open', async () => {
    const hosts = await manyHosts(redis);
    const connection = new Redis(redis.url, { keyPrefix: 'theirs:' });
    onTestFinished(() => connection.disconnect());
    const worker = await hosts.worker({ connection });
    const handle = await hosts.submit({ connection });
    await handle.finished({ pollInterval: 20 });
    await Promise.all([worker.close(), handle.close()]);
    expect(await connection.ping()).toBe('PONG');
  });

  it('is removed by removeExport while the export runs, and its workers stop', async () => {
    const hosts = await manyHosts(redis, { pageDelay: 30, parts: 1 });
    const worker = await hosts.worker({ readAhead: 1, checkpointInterval: 10 });
    const handle = await hosts.submit();
    await expect.poll(() => worker.events.some(({ type }) => type === 'progress')).toBe(true);
    expect(await removeExport({ ...hosts.queue, name: 'all' })).toBe(true);
    const error = await failure(handle.finished({ pollInterval: 20 }), 'ERR_QUEUE');
    expect(error.message).toContain('no longer has the export all');
    await expect.poll(() => worker.events.at(-1)?.type).toBe('lost');
  });
});

it.each([
  ['an unknown member', { newer: 1 }, /unknown option newer/],
  ['an unknown CSV option', { csv: { newer: 1 } }, /csv\.unknown option newer/],
  ['another type', { keepParts: 1 }, /keepParts must be a boolean/],
])('a description in Redis with %s is refused with advice about the version', (_, change, message) => {
  const description = JSON.parse(writeDescription({ parts: [1], output: 'x.csv' }));
  const text = JSON.stringify({ ...description, ...change });
  expect(() => readDescription(text)).toThrow(message);
  expect(() => readDescription(text)).toThrow(/Run the same version on all hosts/);
});
