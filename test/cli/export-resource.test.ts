import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CXONE_RESOURCES, GENESYS_RESOURCES } from '../../src/batch/internal.ts';
import { temporaryDirectory } from '../support/batch.ts';
import { startSimulator } from '../support/simulated.ts';
import { cxoneEnv, genesysEnv, run } from './support.ts';

const DAY = '2023-10-02/2023-10-03';

async function exported(vendor: 'genesys' | 'cxone', args: readonly string[], records = 48) {
  const simulator = await startSimulator({ records });
  const out = join(await temporaryDirectory(), 'out.jsonl');
  const env = vendor === 'genesys' ? genesysEnv(simulator) : cxoneEnv(simulator);
  const outcome = await run(['export', vendor, ...args, '--out', out, '--rate', 'none'], env);
  expect(outcome.stderr).toContain('complete');
  expect(outcome.code).toBe(0);
  const text = await readFile(out, 'utf8');
  return {
    simulator,
    stderr: outcome.stderr,
    records: text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  };
}

describe('export genesys RESOURCE', () => {
  it.each([
    ['users', 64, 30],
    ['queues', 16, 100],
    ['teams', 12, 5],
    ['wrapup-codes', 24, 10],
    ['skills', 32, 32],
    ['divisions', 3, 1],
    ['campaigns', 5, 2],
    ['messaging-campaigns', 2, 100],
    ['contact-lists', 7, 3],
  ])('writes all %s', async (name, count, pageSize) => {
    const { records } = await exported('genesys', [name, '--page-size', String(pageSize)]);
    expect(new Set(records.map(({ id }) => id)).size).toBe(count);
    expect(records).toHaveLength(count);
  });

  it('writes the members of each queue with the id of the queue', async () => {
    const { records, stderr } = await exported('genesys', ['queue-members', '--page-size', '7']);
    const pairs = new Set(records.map(({ id, queueId }) => `${queueId} ${id}`));
    expect(pairs.size).toBe(records.length);
    expect(new Set(records.map(({ id }) => id)).size).toBeLessThan(records.length);
    expect(new Set(records.map(({ queueId }) => queueId)).size).toBe(12);
    expect(stderr).not.toContain('warning');
  });

  it('writes the details of each user in an interval', async () => {
    const { records } = await exported('genesys', ['user-details', '--interval', DAY, '--page-size', '30']);
    expect(records).toHaveLength(64);
    expect(records[0].primaryPresence[0].startTime).toBe('2023-10-02T00:00:00.000Z');
  });

  it('writes a record for each group and period of aggregates', async () => {
    const query = join(await temporaryDirectory(), 'query.json');
    await writeFile(
      query,
      JSON.stringify({ metrics: ['nConnected'], groupBy: ['queueId'], granularity: 'PT1H' }),
    );
    const args = ['conversation-aggregates', '--interval', DAY, '--query', query];
    const { records } = await exported('genesys', args);
    expect(records).toHaveLength(16 * 24);
    expect(records[0]).toMatchObject({
      group: { mediaType: 'voice' },
      interval: '2023-10-02T00:00:00.000Z/2023-10-02T01:00:00.000Z',
      metrics: [{ metric: 'nConnected' }],
    });
  });

  it('names the missing permission after a 403', async () => {
    const simulator = await startSimulator({ faults: { schedule: () => ({ kind: '403' }) } });
    const args = ['export', 'genesys', 'queues', '--out', '-'];
    const { code, stderr } = await run(args, genesysEnv(simulator));
    expect(code).toBe(4);
    expect(stderr).toContain('queues needs the permission routing:queue:view');
  });

  it.each([
    [['qeues', '--out', '-'], 'unknown resource "qeues"; did you mean queues?'],
    [['--out', '-'], 'name a resource: users, queues'],
    [['users'], '--out is missing'],
    [['user-details', '--out', '-'], 'one of --interval, --since and --days is required'],
    [['users', '--out', '-', '--interval', DAY], '--interval has no effect: users has no dates'],
    [['users', '--out', 'u.jsonl', '--since', '2023-10-02'], '--since has no effect: users has no dates'],
    [['users', '--out', '-', '--param', 'pageSize=3'], 'pageSize is set by the source'],
    [
      ['conversation-aggregates', '--out', '-', '--interval', DAY],
      '--query: a JSON file must contain metrics',
    ],
    [['users', '--out', '-', '--page-size', '0'], 'pageSize must be a whole number above 0'],
  ])('refuses %j before it sends a request', async (args, problem) => {
    const { code, stderr } = await run(['export', 'genesys', ...args], {});
    expect(code).toBe(2);
    expect(stderr).toContain(problem);
  });
});

describe('export cxone RESOURCE', () => {
  it.each([
    ['agents', 64, 30, []],
    ['teams', 5, 2, []],
    ['skills', 16, 100, ['--param', 'mediaTypeId=4']],
    ['contact-history', 96, 40, ['--interval', '2023-10-01/2023-10-08']],
  ])('writes all %s', async (name, count, pageSize, more) => {
    const { records } = await exported('cxone', [name, '--page-size', String(pageSize), ...more]);
    expect(records).toHaveLength(count);
  });
});

describe('--list', () => {
  it.each([
    ['genesys', GENESYS_RESOURCES],
    ['cxone', CXONE_RESOURCES],
  ])('prints the resources of %s without credentials, within 80 columns', async (vendor, table) => {
    const { code, stdout, stderr } = await run(['export', vendor, '--list'], {});
    expect([code, stderr]).toEqual([0, '']);
    for (const [name, { path }] of Object.entries(table)) {
      expect(stdout).toMatch(new RegExp(`^${name} `, 'm'));
      expect(stdout).toContain(path);
    }
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  });
});
