import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../support/batch.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

const root = resolve(import.meta.dirname, '../..');

it('the demo, small: killed and run again, exports every record once, says so in a table, and exits with 0', async () => {
  const directory = await temporaryDirectory();
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'docs/demo/demo.ts', '2500', 'src/cli/main.ts', directory],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const table = Object.fromEntries(
    [...stdout.matchAll(/^([\w ]+?) +([\d.]+)$/gm)].map(([, name, value]) => [name, Number(value)]),
  );
  expect(table).toMatchObject({ records: 2500, 'unique ids': 2500, lost: 0, repeated: 0, different: 0 });
  expect(table['token fetches']).toBeGreaterThan(1);
  // The kill takes some 401s with it before they are replayed.
  expect(table.replays).toBeGreaterThan(0);
  expect(table.replays).toBeLessThanOrEqual(table['401s seen'] ?? 0);
  expect(stdout).toContain('kill -9');
  expect(readFileSync(join(directory, 'conversations.jsonl'), 'utf8').split('\n')).toHaveLength(2501);
});

describeWithRedis('many hosts', () => {
  const redis = useRedis();

  it('the demo of many hosts, small: a worker is killed, and every record is there once', async () => {
    const directory = await temporaryDirectory();
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'docs/demo/many-hosts.ts', '4000', 'src/cli/main.ts', directory],
      { cwd: root, encoding: 'utf8', env: { ...process.env, REDIS_URL: redis.url } },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain('kill -9 of worker 1');
    expect(stdout).toMatch(/^records +4000$/m);
    expect(stdout).toMatch(/^lost +0$/m);
    expect(stdout).toMatch(/^repeated +0$/m);
    // One, and another when the worker that fetched it died with the first.
    expect(stdout).toMatch(/^token fetches +[12]$/m);
  });
});
