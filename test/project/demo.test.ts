import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../support/batch.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

const root = resolve(import.meta.dirname, '../..');

it('the export demo prints that every record was exported once, although its export was killed and resumed', async () => {
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
  // The kill loses some requests between their 401 and their replay.
  expect(table.replays).toBeGreaterThan(0);
  expect(table.replays).toBeLessThanOrEqual(table['401s seen'] ?? 0);
  expect(stdout).toContain('kill -9');
  expect(readFileSync(join(directory, 'conversations.jsonl'), 'utf8').split('\n')).toHaveLength(2501);
});

describeWithRedis('the demo of many hosts', () => {
  const redis = useRedis();

  it('prints that every record was exported once, although a worker was killed', async () => {
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
    // Two if the killed worker had fetched the first token.
    expect(stdout).toMatch(/^token fetches +[12]$/m);
  });
});
