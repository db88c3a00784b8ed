import { expect, it } from 'vitest';
import { VERSION } from '../../src/bullmq/format-version.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';
import { startSimulator } from '../support/simulated.ts';
import { begin, useQueue } from './queue-support.ts';
import { genesysEnv, run, truth } from './support.ts';

describeWithRedis('the queue commands', () => {
  const redis = useRedis();
  const { place, worker, exporting, content } = useQueue(redis);
  const queue = (...args: string[]) => run(['queue', ...args, ...place.queue], {});

  it('list, show and cancel an export, which the same command resumes', async () => {
    const simulator = await startSimulator({ records: 3000, pageDelay: 60 });
    expect(await queue('list')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^name +state/) });
    worker(genesysEnv(simulator), '--read-ahead', '1', '--checkpoint-interval', '0.05');
    const submitted = begin(exporting(simulator, 'c.jsonl', '--priority', '7'), {});
    await expect
      .poll(() => submitted.stderr.text, { timeout: 10_000 })
      .toMatch(/\d{2,} records.* of 6 parts/);

    const list = await queue('list');
    expect(list.stdout).toMatch(/\nc\.jsonl +running +0\/6 +\d+ +\S.* +7 +20\d\d-/);
    const json = await queue('show', 'c.jsonl', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      name: 'c.jsonl',
      state: 'running',
      parts: 6,
      priority: 7,
      unfinished: [{ part: 0, state: 'running', failures: 0, host: expect.any(String) }, {}, {}, {}, {}, {}],
      workers: [{ version: VERSION, account: expect.stringContaining('Genesys'), rate: 'none' }],
      output: 'c.jsonl',
    });
    expect((await queue('show', 'c.jsonl')).stdout).toMatch(
      /part +state[\s\S]*\n0 +running[\s\S]*\nworker +pid/,
    );

    const cancelled = await queue('cancel', 'c.jsonl');
    expect(cancelled).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('submit the same export again'),
    });
    const { code, stderr } = await submitted.ended;
    expect(code).toBe(6);
    expect(stderr).toMatch(
      /error: the export c\.jsonl was cancelled\. 0 of 6 parts are complete and \d+ records are kept\./,
    );
    expect((await queue('list', '--log', 'json')).stdout).toContain('"state":"cancelled"');

    expect((await run(exporting(simulator, 'c.jsonl'), {})).code).toBe(0);
    expect(await content('c.jsonl')).toBe(truth(simulator));
    expect((await queue('list')).stdout).toMatch(/\nc\.jsonl +complete +6\/6 +3000 /);
    expect(await queue('cancel', 'c.jsonl')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('already complete'),
    });
    for (const name of ['show', 'cancel']) {
      expect(await queue(name, 'd.jsonl')).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(/has no export d\.jsonl; the nearest name is c\.jsonl/),
      });
    }
  });

  it('pause and resume a queue, and the submitter warns', async () => {
    const simulator = await startSimulator({ records: 100 });
    worker(genesysEnv(simulator));
    expect((await queue('pause')).code).toBe(0);
    const submitted = begin(exporting(simulator, 'c.jsonl'), {});
    await expect
      .poll(() => submitted.stderr.text, { timeout: 10_000 })
      .toMatch(/warning: queue \S+ is paused/);
    expect(simulator.counts.recordsServed).toBe(0);
    expect((await queue('resume')).code).toBe(0);
    expect((await submitted.ended).code).toBe(0);
  });

  it('exit with 2 for a priority out of range', async () => {
    const simulator = await startSimulator({ records: 1 });
    expect(await run(exporting(simulator, 'c.jsonl', '--priority', '101'), {})).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('priority must be a whole number from 0 to 100, not 101'),
    });
  });
});
