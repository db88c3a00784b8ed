import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../support/batch.ts';
import { describeWithRedis, describeWithRedisServer, startRedis, useRedis } from '../support/redis.ts';
import { startSimulator } from '../support/simulated.ts';
import { begin, useQueue } from './queue-support.ts';
import { genesysEnv, run, start, truth } from './support.ts';

/** The entry of a manifest for a file of a part. */
interface Segment {
  file: string;
  bytes: number;
}

function recordsIn(text: string): number {
  return text.split('\n').length - 1;
}

describeWithRedis('exports in a queue', () => {
  const redis = useRedis();
  const { place, worker, exporting, content } = useQueue(redis);

  it('splits an export among workers that share one token, and reports the progress of the whole export', async () => {
    const simulator = await startSimulator({ records: 2000, pageDelay: 5 });
    const workers = [worker(genesysEnv(simulator)), worker(genesysEnv(simulator))];
    const { code, stdout, stderr } = await run(exporting(simulator, 'c.jsonl'), {});
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(await content('c.jsonl')).toBe(truth(simulator));
    expect(simulator.counts.tokenRequests).toBe(1);
    expect(stderr).toMatch(/^export genesys-conversations: c\.jsonl\n/);
    expect(stderr).toMatch(/[1-5] of 6 parts\n/);
    expect(stderr).toMatch(
      /\ncomplete: 2,000 records in c\.jsonl in the directory of the workers, 6 parts, .*\n$/,
    );
    for (const { stderr: log } of workers) {
      expect(log.text).toMatch(/part \d of c\.jsonl: started\n/);
      expect(log.text).toMatch(/part \d of c\.jsonl: finished, \d+ records\n/);
    }

    const again = await run(exporting(simulator, 'c.jsonl'), {});
    expect(again).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('already complete: 2,000 records'),
    });
  });

  it('writes the events of the export and of the worker as JSON lines with --log json', async () => {
    const simulator = await startSimulator({ records: 500 });
    const { stderr: log } = worker(genesysEnv(simulator), '--log', 'json');
    const { stderr } = await run(exporting(simulator, 'c.jsonl', '--log', 'json'), {});
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({ event: 'started', file: 'c.jsonl' });
    expect(events).toContainEqual(expect.objectContaining({ event: 'progress', parts: 6 }));
    expect(events.at(-1)).toMatchObject({
      event: 'complete',
      exitCode: 0,
      records: 500,
      parts: 6,
      output: 'c.jsonl',
    });
    const workerEvents = log.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(workerEvents).toContainEqual(
      expect.objectContaining({ event: 'part-started', name: 'c.jsonl', part: 0 }),
    );
  });

  it('reports that a worker whose directory was removed pauses, while another worker completes the export', async () => {
    const simulator = await startSimulator({ records: 500, pageDelay: 20 });
    const directory = await temporaryDirectory();
    const bad = worker(genesysEnv(simulator), '--directory', directory);
    await expect.poll(() => bad.stderr.text).toMatch(/^worker: /);
    await rm(directory, { recursive: true });
    const submitted = run(exporting(simulator, 'c.jsonl'), {});
    await expect
      .poll(() => bad.stderr.text)
      .toMatch(/paused for 5 s: \S+: the directory \S+ does not exist; other workers continue\n/);
    worker(genesysEnv(simulator));
    expect(await submitted).toMatchObject({ code: 0 });
    expect(await content('c.jsonl')).toBe(truth(simulator));
    expect(bad.stderr.text).toMatch(/part \d of c\.jsonl: handed-back: \S+: the directory/);
  });

  it('writes gzip and CSV, keeps the parts with --keep-parts, and does not merge with --no-merge', async () => {
    const simulator = await startSimulator({ records: 300 });
    worker(genesysEnv(simulator));
    expect((await run(exporting(simulator, 'c.jsonl.gz'), {})).code).toBe(0);
    expect(gunzipSync(await readFile(join(place.directory, 'c.jsonl.gz'))).toString()).toBe(truth(simulator));
    const flags = ['--bom', '--delimiter', 'tab', '--escape-formulas'];
    const tabs = ['--columns', 'conversationId,participants[0].purpose', ...flags];
    expect((await run(exporting(simulator, 'tabs.csv', ...tabs), {})).code).toBe(0);
    expect(await content('tabs.csv')).toMatch(/^\ufeffconversationId\tparticipants\[0\].purpose\n\S+\t\w+\n/);
    const columns = ['--columns', 'conversationId', '--keep-parts', '--name', 'kept'];
    expect((await run(exporting(simulator, 'c.csv', ...columns), {})).code).toBe(0);
    expect(recordsIn(await content('c.csv'))).toBe(301);
    const zipped = exporting(simulator, 'c.csv.gz', '--columns', 'conversationId');
    expect((await run(zipped, {})).code).toBe(0);
    expect(gunzipSync(await readFile(join(place.directory, 'c.csv.gz'))).toString()).toBe(
      await content('c.csv'),
    );
    expect(await readdir(join(place.directory, 'kept.parts'))).toHaveLength(6);
    const { code, stderr } = await run(exporting(simulator, 'parts.jsonl', '--no-merge'), {});
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('manifest.json') });
    const { parts } = JSON.parse(await content('parts.jsonl.parts/manifest.json'));
    expect(parts).toHaveLength(6);
    const texts: string[] = [];
    for (const { file, bytes } of parts.flatMap(({ segments }: { segments: Segment[] }) => segments)) {
      texts.push(
        (await readFile(join(place.directory, 'parts.jsonl.parts', file))).subarray(0, bytes).toString(),
      );
    }
    // Conversations at the boundary of two parts are in both.
    const lines = [...new Set(texts.join('').split('\n'))];
    expect(lines.sort().join('\n')).toBe(truth(simulator).split('\n').sort().join('\n'));
    expect(await readdir(place.directory)).not.toContain('parts.jsonl');
  });

  it('fails with the reason of a failed part, and resumes with the same command', async () => {
    const simulator = await startSimulator({ records: 600 });
    const denied = worker({ ...genesysEnv(simulator), GENESYS_CLIENT_SECRET: 'wrong' });
    expect(await denied.ended).toMatchObject({ code: 3 });
    worker(genesysEnv(simulator));
    await writeFile(join(place.directory, 'c.jsonl'), 'mine');
    const { code, stderr } = await run(exporting(simulator, 'c.jsonl'), {});
    expect(code).toBe(2);
    expect(stderr).toMatch(/error: part \d of c\.jsonl has failed: /);
    expect(stderr).toMatch(/0 of 6 parts are complete/);
    await rm(join(place.directory, 'c.jsonl'));

    expect((await run(exporting(simulator, 'c.jsonl'), {})).code).toBe(0);
    expect(await content('c.jsonl')).toBe(truth(simulator));
  });

  it.each([
    ['400', 7, 'returned 400'],
    ['403', 4, 'forbidden. The OAuth client lacks a permission'],
  ] as const)(
    'keeps the complete parts when the API answers a part with %s, and exits with %d',
    async (kind, exitCode, words) => {
      let broken = true;
      const schedule = ({ number }: { number: number }) => (broken && number > 4 ? kind : undefined);
      const simulator = await startSimulator({ records: 600, faults: { schedule } });
      worker(genesysEnv(simulator));
      const { code, stderr } = await run(exporting(simulator, 'c.jsonl'), {});
      expect(code).toBe(exitCode);
      const [, part, complete, records] =
        /\nerror: part (\d) of c\.jsonl has failed: .* (\d) of 6 parts are complete and (\d+) records are kept/.exec(
          stderr,
        ) ?? [];
      expect(stderr).toContain(words);
      expect(stderr).not.toMatch(/^ +at /m);
      expect(Number(complete)).toBe(Number(part));
      expect(Number(complete)).toBeGreaterThan(0);
      expect(Number(records)).toBeGreaterThan(0);
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
        exitCode === 7
          ? /^hint: .*--restart/
          : /^resume: axios-oauth-refresh export genesys-conversations .*--queue redis:/,
      );

      broken = false;
      expect((await run(exporting(simulator, 'c.jsonl'), {})).code).toBe(0);
      expect(await content('c.jsonl')).toBe(truth(simulator));
      // The second run does not export the complete parts again.
      expect(simulator.counts.recordsServed).toBe(600);
    },
  );

  it('stops waiting at Ctrl-C while the workers continue; the same command waits again', async () => {
    const simulator = await startSimulator({ records: 1200, pageDelay: 50 });
    worker(genesysEnv(simulator), '--read-ahead', '1');
    const first = begin(exporting(simulator, 'c.jsonl'), {});
    await expect.poll(() => first.stderr.text).toContain('of 6 parts');
    first.send('SIGINT');
    const { code, stderr } = await first.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('the workers continue');
    expect((await run(exporting(simulator, 'c.jsonl'), {})).code).toBe(0);
    expect(await content('c.jsonl')).toBe(truth(simulator));
  });

  it('warns within 5 seconds that a queue has no workers, and at Ctrl-C does not claim that workers continue', async () => {
    const simulator = await startSimulator({ records: 10 });
    const running = begin(exporting(simulator, 'c.jsonl'), {});
    const warning = `warning: queue ${place.queue.at(-1)} has no workers. Start a worker`;
    await expect.poll(() => running.stderr.text, { timeout: 10_000 }).toContain(warning);
    running.send('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr.split(warning)).toHaveLength(2);
    expect(stderr).toContain('no worker processes the export now, and it stays in the queue');
    expect(stderr).not.toContain('workers continue');
  });

  it('says when workers process an export after a warning', async () => {
    const simulator = await startSimulator({ records: 1200, pageDelay: 100 });
    const running = begin(exporting(simulator, 'c.jsonl'), {});
    await expect.poll(() => running.stderr.text, { timeout: 10_000 }).toContain('has no workers');
    worker(genesysEnv(simulator), '--read-ahead', '1');
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/has no workers[\s\S]*\nworkers process the export now\n/);
  });

  it('continues the part of a worker that SIGTERM stops on another worker, without waiting for the takeover', async () => {
    const simulator = await startSimulator({ records: 2000, pageDelay: 50 });
    const first = worker(genesysEnv(simulator), '--read-ahead', '1', '--takeover', '60');
    const exported = run(exporting(simulator, 'c.jsonl', '--parts', '2'), {});
    await expect.poll(() => first.stderr.text).toContain('started');
    worker(genesysEnv(simulator), '--takeover', '60');
    first.send('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('handed-back') });
    expect((await exported).code).toBe(0);
    expect(await content('c.jsonl')).toBe(truth(simulator));
  });

  it('takes over the part of a killed worker without losing or repeating a record', async () => {
    const simulator = await startSimulator({ records: 3000, pageDelay: 50 });
    const flags = ['--directory', place.directory, '--takeover', '1', '--rate', 'none', '--read-ahead', '1'];
    const victim = start(['worker', ...place.queue, ...flags], genesysEnv(simulator));
    let log = '';
    victim.child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    const exported = run(exporting(simulator, 'c.jsonl', '--parts', '3'), {});
    const part = () => /(part \d of c\.jsonl): started\n/.exec(log)?.[1];
    await expect.poll(part).toBeDefined();
    const other = worker(genesysEnv(simulator), '--read-ahead', '1');
    await expect.poll(() => other.stderr.text).toContain(': started');
    victim.child.kill('SIGKILL');
    expect(await victim.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(log).not.toContain('finished');
    expect((await exported).code).toBe(0);
    expect(other.stderr.text).toContain(`${part()}: started\n`);
    expect(await content('c.jsonl')).toBe(truth(simulator));
    expect(simulator.counts.tokenRequests).toBe(1);
  });

  it('exits with 0 if SIGTERM stops a worker that waits for its first token', async () => {
    const simulator = await startSimulator({ tokenFaults: { schedule: () => 'hang' } });
    const waiting = worker(genesysEnv(simulator));
    await expect.poll(() => simulator.counts.tokenRequests).toBe(1);
    waiting.send('SIGTERM');
    expect(await waiting.ended).toMatchObject({
      code: 0,
      stderr: 'warning: stopping: returning the parts to the queue\n',
    });
  });

  it('exits with 2 if the directory of a worker does not exist', async () => {
    const simulator = await startSimulator();
    const missing = join(place.directory, 'missing');
    const { code, stderr } = await worker(genesysEnv(simulator), '--directory', missing).ended;
    expect(code).toBe(2);
    expect(stderr).toContain(`${missing} is not a directory here`);
  });

  it('keeps an existing file that no export wrote, and exports again with --restart', async () => {
    const simulator = await startSimulator({ records: 200 });
    worker(genesysEnv(simulator));
    await writeFile(join(place.directory, 'c.jsonl'), 'mine\n');
    const refused = await run(exporting(simulator, 'c.jsonl'), {});
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('c.jsonl');
    expect(await content('c.jsonl')).toBe('mine\n');
    await mkdir(join(place.directory, 'sub'));
    expect((await run(exporting(simulator, 'sub/c.jsonl'), {})).code).toBe(0);
    const served = simulator.counts.recordsServed;
    const again = ['--name', 'again', '--restart'];
    expect((await run(exporting(simulator, 'again.jsonl', ...again), {})).code).toBe(0);
    expect(simulator.counts.recordsServed).toBeGreaterThan(served);
  });

  it('refuses another export of the same name', async () => {
    const simulator = await startSimulator({ records: 200 });
    worker(genesysEnv(simulator));
    expect((await run(exporting(simulator, 'c.jsonl'), {})).code).toBe(0);
    const { code, stderr } = await run(exporting(simulator, 'c.jsonl', '--page-size', '50'), {});
    expect(code).toBe(2);
    expect(stderr).toContain('choose another name');
  });
});

describeWithRedisServer('a Redis with a password', () => {
  it('gets the password from the environment or the file of --env, and never prints the password', async () => {
    const password = 'pass/word of the queue';
    const redis = await startRedis({ password });
    onTestFinished(() => redis.close());
    const simulator = await startSimulator({ records: 100 });
    const directory = await temporaryDirectory();
    const file = join(directory, 'queue.env');
    await writeFile(file, `REDIS_PASSWORD="${password}"\n`);
    await chmod(file, 0o600);
    const queue = ['--queue', `redis://127.0.0.1:${redis.port}`];
    const flags = [...queue, '--directory', directory, '--rate', 'none'];
    const worker = begin(['worker', ...flags], { ...genesysEnv(simulator), REDIS_PASSWORD: password });
    const command = [
      'export',
      'genesys-conversations',
      '--interval',
      simulator.interval,
      '--out',
      'c.jsonl',
      ...queue,
    ];
    const good = await run([...command, '--env', file], {});
    expect(good).toMatchObject({ code: 0 });
    const overridden = await run([...command, '--env', file], { REDIS_PASSWORD: 'wrong one' });
    expect(overridden.code).toBe(3);
    expect(overridden.stderr).toContain('\nhint: set REDIS_USERNAME and REDIS_PASSWORD');
    expect(overridden.stderr).toContain(
      'warning: REDIS_PASSWORD has different values in the environment and in ',
    );
    worker.send('SIGTERM');
    const bad = await run(command, { REDIS_PASSWORD: 'wrong one' });
    expect(bad.code).toBe(3);
    expect(bad.stderr).toContain('password');
    for (const { stderr } of [good, overridden, bad, await worker.ended]) {
      expect(stderr).not.toContain('pass/word');
      expect(stderr).not.toContain('wrong one');
    }
  });

  it('exits with 6 if Redis is unreachable', async () => {
    const redis = await startRedis();
    await redis.close();
    const queue = ['--queue', `redis://127.0.0.1:${redis.port}`];
    const interval = ['--interval', '2023-10-01/2023-10-02'];
    const { code, stderr } = await run(
      ['export', 'genesys-conversations', ...interval, '--out', 'c.jsonl', ...queue],
      {},
    );
    expect(code).toBe(6);
    expect(stderr).toContain(`cannot connect to Redis at 127.0.0.1:${redis.port}`);
    const simulator = await startSimulator();
    const worker = await run(['worker', ...queue], genesysEnv(simulator));
    expect(worker.code).toBe(6);
    expect(worker.stderr).toContain(`cannot connect to Redis at 127.0.0.1:${redis.port}`);
  });
});
