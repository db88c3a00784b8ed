import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { VendorSimulator } from '../../src/testing/index.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';
import { startSimulator } from '../support/simulated.ts';
import { useQueue } from './queue-support.ts';
import { genesysEnv, run, start } from './support.ts';

const DATES = ['2023-10-28', '2023-10-29', '2023-10-30'];

describeWithRedis('the exports of days in a queue', () => {
  const redis = useRedis();
  const { place, worker } = useQueue(redis);

  async function exporting(records = 300) {
    const simulator = await startSimulator({ records, interval: '2023-10-27T00:00Z/2023-11-01T00:00Z' });
    worker(genesysEnv(simulator));
    return exportingFrom(simulator);
  }

  function exportingFrom(simulator: VendorSimulator) {
    const began = (date: string) =>
      [...simulator.records()]
        .map((record) => record as { conversationStart: string; conversationId: string })
        .filter(
          ({ conversationStart }) =>
            new Date(conversationStart).toLocaleDateString('sv-SE', { timeZone: 'Europe/Berlin' }) === date,
        )
        .map(({ conversationId }) => conversationId);
    return {
      simulator,
      began,
      days: (...more: string[]) =>
        run(
          [
            ...[
              'export',
              'genesys-conversations',
              '--days',
              '2023-10-28/2023-10-30',
              '--timezone',
              'Europe/Berlin',
            ],
            ...['--out', 'c-{date}.jsonl', '--progress-interval', '0', ...place.queue, ...more],
          ],
          {},
        ),
      ids: async (date: string) =>
        (await readFile(join(place.directory, `c-${date}.jsonl`), 'utf8'))
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line).conversationId),
    };
  }

  it('contain each conversation on the day in which it began, skip complete days and reread with --reread', async () => {
    const { simulator, began, days, ids } = await exporting();
    const { code, stderr } = await days('--log', 'json');
    expect(code).toBe(0);
    for (const date of DATES) expect((await ids(date)).sort()).toEqual(began(date).sort());
    const complete = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '');
    expect(complete.days.map(({ date }: { date: string }) => date)).toEqual(DATES);
    for (const day of complete.days) expect(day.records + day.outside).toBe(day.stated);

    const { apiRequests } = simulator.counts;
    const again = await days();
    expect({ code: again.code, apiRequests: simulator.counts.apiRequests }).toEqual({ code: 0, apiRequests });
    expect(again.stderr).toMatch(/^nothing to do: 3 days are complete$/m);

    const last = join(place.directory, `c-${DATES[2]}.jsonl`);
    await writeFile(last, 'the earlier export of this day\n');
    const reread = await days('--reread', '1');
    expect(reread.code).toBe(0);
    expect(reread.stderr).toContain('3 days, 1 to export');
    expect((await ids(DATES[2] as string)).sort()).toEqual(began(DATES[2] as string).sort());
    expect((await days('--reread', '1')).stderr).toContain('3 days, 0 to export');
    expect((await readdir(place.directory)).sort()).toEqual(DATES.map((date) => `c-${date}.jsonl`));
  });

  it('contain each conversation once if workers are killed, also on the day on which the clocks change', async () => {
    const simulator = await startSimulator({
      records: 600,
      interval: '2023-10-27T00:00Z/2023-11-01T00:00Z',
      longConversations: 0.1,
      pageDelay: 20,
    });
    const flags = ['--directory', place.directory, '--takeover', '1', '--rate', 'none'];
    const args = ['worker', ...place.queue, ...flags];
    const workers = [1, 2].map(() => start(args, genesysEnv(simulator)).child);
    const { days, began, ids } = exportingFrom(simulator);
    const submitted = days('--page-size', '10', '--log', 'json', '--parts', '3');
    for (const victim of workers) {
      const { apiRequests } = simulator.counts;
      await expect
        .poll(() => simulator.counts.apiRequests, { timeout: 60_000, interval: 5 })
        .toBeGreaterThan(apiRequests + 5);
      victim.kill('SIGKILL');
    }
    worker(genesysEnv(simulator));
    const { code, stderr } = await submitted;
    expect(code).toBe(0);
    const { days: results } = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '');
    for (const day of results) expect(day.records + day.outside).toBe(day.stated);
    for (const date of DATES) expect((await ids(date)).sort()).toEqual(began(date).sort());
    expect((await readdir(place.directory)).sort()).toEqual(DATES.map((date) => `c-${date}.jsonl`));
  });

  it('replace what a failed reread has left, and keep the earlier file until then', async () => {
    const { simulator, days, ids, began } = await exporting(60);
    await days();
    const date = DATES[2] as string;
    const earlier = (await ids(date)).length;
    simulator.schedule({ status: 400, match: '/api/v2/analytics' });
    const failed = await days('--reread', '1', '--quiet');
    expect(failed.code).toBe(7);
    expect(failed.stderr).toMatch(/^error: 1 of 3 days failed: 2023-10-30$/m);
    expect(await ids(date)).toHaveLength(earlier);
    const resumed = await days('--reread', '1');
    expect({ code: resumed.code, stderr: resumed.stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('3 days, 1 to export'),
    });
    expect((await ids(date)).sort()).toEqual(began(date).sort());
    expect((await readdir(place.directory)).sort()).toEqual(DATES.map((day) => `c-${day}.jsonl`));
    const { stdout } = await run(['queue', 'list', '--json', ...place.queue], {});
    expect(stdout.match(/-reread/g)).toHaveLength(1);
  });

  it('continue if one of them is cancelled, and resume it with the same command', async () => {
    const simulator = await startSimulator({ records: 60, interval: '2023-10-27T00:00Z/2023-11-01T00:00Z' });
    const { days, began, ids } = exportingFrom(simulator);
    const submitted = days('--quiet');
    const cancel = () => run(['queue', 'cancel', `c.jsonl-${DATES[1]}`, ...place.queue], {});
    await expect.poll(async () => (await cancel()).code).toBe(0);
    worker(genesysEnv(simulator));
    const { code, stderr } = await submitted;
    expect({ code, stderr }).toEqual({
      code: 6,
      stderr: expect.stringMatching(/^error: 1 of 3 days failed: 2023-10-29$/m),
    });
    expect(await days('--quiet')).toMatchObject({ code: 0, stderr: '' });
    for (const date of DATES) expect((await ids(date)).sort()).toEqual(began(date).sort());
  });

  it('continue if one of them fails, and exit with its code', async () => {
    const { began, days, ids } = await exporting();
    await writeFile(join(place.directory, `c-${DATES[0]}.jsonl`), 'of another program\n');
    const { code, stderr } = await days('--quiet');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^2023-10-28: failed: .*c-2023-10-28.jsonl already exists/m);
    expect(stderr).toMatch(/^error: 1 of 3 days failed: 2023-10-28$/m);
    for (const date of DATES.slice(1)) expect((await ids(date)).sort()).toEqual(began(date).sort());
  });
});
