import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { VendorSimulator } from '../../src/testing/index.ts';
import { temporaryDirectory } from '../support/batch.ts';
import { startSimulator } from '../support/simulated.ts';
import { cxoneEnv, genesysEnv, run, start } from './support.ts';

const INTERVAL = '2023-10-27T00:00Z/2023-11-01T00:00Z';
const DATES = ['2023-10-28', '2023-10-29', '2023-10-30'];
const BERLIN = ['--days', '2023-10-28/2023-10-30', '--timezone', 'Europe/Berlin'];

async function exporting(options: Parameters<typeof startSimulator>[0] = {}) {
  const simulator = await startSimulator({ records: 300, interval: INTERVAL, ...options });
  const directory = await temporaryDirectory();
  const out = join(directory, 'c-{date}.jsonl');
  const args = ['export', 'genesys-conversations', '--out', out, '--rate', 'none'];
  return {
    simulator,
    directory,
    out,
    args: [...args, ...BERLIN],
    base: args,
    env: genesysEnv(simulator),
    file: (date: string) => out.replace('{date}', date),
    lines: async (date: string) =>
      (await readFile(out.replace('{date}', date), 'utf8')).split('\n').filter(Boolean),
  };
}

/** Returns the lines of the conversations that began on a day in Berlin. */
function began(simulator: VendorSimulator, date: string): string[] {
  const day = ({ conversationStart }: { conversationStart: string }) =>
    new Date(conversationStart).toLocaleDateString('sv-SE', { timeZone: 'Europe/Berlin' });
  return [...simulator.records()]
    .filter((record) => day(record as { conversationStart: string }) === date)
    .map((record) => JSON.stringify(record));
}

describe('--days', () => {
  it('writes each conversation into the file of the day in which it began, across a change of clocks', async () => {
    const { simulator, args, env, lines, directory } = await exporting();
    const { code, stdout, stderr } = await run(args, env);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    for (const date of DATES) expect((await lines(date)).sort()).toEqual(began(simulator, date).sort());
    expect((await readdir(directory)).filter((name) => !/checkpoint|lock/.test(name)).sort()).toEqual(
      DATES.map((date) => `c-${date}.jsonl`),
    );
    expect(stderr).toContain('3 days, 3 to export');
    for (const date of DATES)
      expect(stderr).toMatch(new RegExp(`^${date}: \\d+ records in \\S+c-${date}.jsonl`, 'm'));
    expect(stderr).toMatch(/complete: \d+ records of 3 days in \S+c-\{date\}.jsonl\n$/);
  });

  it('logs the records, the records of other days and the stated records of each day as JSON', async () => {
    const { args, env, file } = await exporting();
    const { stderr } = await run([...args, '--log', 'json'], env);
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.find(({ event }) => event === 'days-started')).toMatchObject({ days: 3, pending: 3 });
    expect(events.filter(({ event }) => event === 'day-complete').map(({ date }) => date)).toEqual(DATES);
    const complete = events.at(-1);
    expect(complete).toMatchObject({ event: 'complete', exitCode: 0, missing: 0 });
    expect(complete.days.map(({ date }: { date: string }) => date)).toEqual(DATES);
    for (const day of complete.days) {
      expect(day).toMatchObject({ status: 'complete', alreadyComplete: false, output: file(day.date) });
      expect(day.records + day.outside).toBe(day.stated);
    }
    expect(complete.records + complete.outside).toBe(complete.stated);
  });

  it('sends no request if all days are complete, not even for a token', async () => {
    const { simulator, args, env, lines } = await exporting();
    await run(args, env);
    const before = { ...simulator.counts };
    const files = await Promise.all(DATES.map(lines));
    const { code, stderr } = await run(args, env);
    expect({ code, counts: simulator.counts }).toEqual({ code: 0, counts: before });
    expect(stderr).toMatch(/^nothing to do: 3 days are complete$/m);
    expect(await Promise.all(DATES.map(lines))).toEqual(files);
    expect(await run([...args, '--quiet'], env)).toEqual({ code: 0, stdout: '', stderr: '' });
    const { code: missing, stderr: problem } = await run(args, {});
    expect(missing).toBe(2);
    expect(problem).toContain('set GENESYS_CLIENT_ID');
  });

  it('sends no request for complete days of NICE CXone either, although only a token tells its API', async () => {
    const { simulator, directory } = await exporting();
    const out = join(directory, 'contacts-{date}.jsonl');
    const args = ['export', 'cxone-completed-contacts', '--out', out, '--rate', 'none', ...BERLIN];
    expect((await run(args, cxoneEnv(simulator))).code).toBe(0);
    const before = { ...simulator.counts };
    const { code, stderr } = await run(args, cxoneEnv(simulator));
    expect({ code, counts: simulator.counts }).toEqual({ code: 0, counts: before });
    expect(stderr).toMatch(/^nothing to do: 3 days are complete$/m);
  });

  it('exports only the days that are not complete, and rereads complete days with --reread', async () => {
    const { args, base, env, lines } = await exporting();
    expect((await run([...base, '--days', '2023-10-28', '--timezone', 'Europe/Berlin'], env)).code).toBe(0);
    const { stderr } = await run(args, env);
    expect(stderr).toContain('3 days, 2 to export');
    expect(stderr).toMatch(/complete: .* of 2 days in .*; 1 day is complete already/);
    const files = await Promise.all(DATES.map(lines));
    const again = await run([...args, '--reread', '2'], env);
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('3 days, 2 to export');
    expect(await Promise.all(DATES.map(lines))).toEqual(files);
  });

  it('exports the other days if one fails, exits with the worst code and says how to resume', async () => {
    const { args, env, file, lines } = await exporting();
    await writeFile(file(DATES[0] as string), 'of another program\n');
    const { code, stderr } = await run([...args, '--log', 'json'], env);
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(2);
    expect(events.find(({ event }) => event === 'day-failed')).toMatchObject({
      date: DATES[0],
      code: 'ERR_OUTPUT_EXISTS',
      exitCode: 2,
    });
    expect(events.at(-1)).toMatchObject({
      event: 'failed',
      exitCode: 2,
      message: `1 of 3 days failed: ${DATES[0]}`,
    });
    expect(events.at(-1).days.map(({ status }: { status: string }) => status)).toEqual([
      'failed',
      'complete',
      'complete',
    ]);
    expect(await lines(DATES[0] as string)).toEqual(['of another program']);
    await rm(file(DATES[0] as string));
    expect((await run(args, env)).code).toBe(0);
  });

  it('prints only the failure of a day with --quiet', async () => {
    const { args, env, file } = await exporting();
    await writeFile(file(DATES[1] as string), 'of another program\n');
    const { code, stderr } = await run([...args, '--quiet'], env);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      new RegExp(
        `^${DATES[1]}: failed: .*\\nhint: leave the day out .*, or set --days ${DATES[1]} --restart to start only this day over; .*\\n` +
          `error: 1 of 3 days failed: ${DATES[1]}\\nhint: .*\\n$`,
      ),
    );
  });

  it('refers to the hints of the days if several days fail', async () => {
    const { args, env, file } = await exporting();
    for (const date of DATES) await writeFile(file(date), 'of another program\n');
    const { code, stderr } = await run([...args, '--quiet'], env);
    expect(code).toBe(2);
    for (const date of DATES)
      expect(stderr).toContain(`or set --days ${date} --restart to start only this day`);
    expect(stderr).toMatch(
      /error: 3 of 3 days failed: .*\nhint: each failed day has a hint of its own above\n$/,
    );
  });

  it('applies --min-records to each day that it exports', async () => {
    const { args, env } = await exporting();
    const { code, stderr } = await run([...args, '--min-records', '1000', '--quiet'], env);
    expect(code).toBe(8);
    for (const date of DATES)
      expect(stderr).toMatch(new RegExp(`^warning: ${date}: the export has \\d+ records, fewer`, 'm'));
    expect(stderr).toContain('exit code 8 because of --min-records 1000');
    expect((await run([...args, '--min-records', '1000'], env)).code).toBe(0);
  });

  it('has the date in several places of --out, also in a folder that exists', async () => {
    const { base, env, directory } = await exporting();
    const out = join(directory, '{date}-{date}.csv');
    expect((await run([...base, '--days', '2023-10-28', '--out', out], env)).code).toBe(0);
    expect(await readdir(directory)).toContain('2023-10-28-2023-10-28.csv');
  });

  it('resumes yesterday with its date', async () => {
    const { base, env } = await exporting({ faults: { probability: 1 } });
    const { stderr } = await run(
      [...base, '--days', 'yesterday', '--retries', '0', '--max-outage', '0'],
      env,
    );
    expect(stderr).toMatch(/^resume: .*--days \d{4}-\d\d-\d\d /m);
  });

  it('starts over with --restart', async () => {
    const { args, env, file, lines } = await exporting();
    await run(args, env);
    const before = await lines(DATES[0] as string);
    expect((await run([...args, '--restart'], env)).code).toBe(0);
    expect(await lines(DATES[0] as string)).toEqual(before);
    expect(await readdir(join(file('x'), '..'))).toContain(`${basename(file(DATES[0] as string))}.old-1`);
  });
});

describe('--since', () => {
  it('has nothing to do on the first day', async () => {
    const { base, env, simulator } = await exporting();
    const today = new Date().toISOString().slice(0, 10);
    const { code, stderr } = await run([...base, '--since', today], env);
    expect({ code, requests: simulator.counts.tokenRequests }).toEqual({ code: 0, requests: 0 });
    expect(stderr).toContain('nothing to do: no day has ended since then');
  });
});

describe('two runs at the same time', () => {
  it('refuses the second with exit code 2, and harms nothing', async () => {
    const { simulator, args, env, lines } = await exporting({ pageDelay: 0.2 });
    const first = start([...args, '--page-size', '5'], env);
    await new Promise<void>((resolve) => {
      first.child.stderr.on('data', (chunk: Buffer) => chunk.includes('to export') && resolve());
    });
    await expect.poll(() => simulator.counts.apiRequests, { timeout: 30_000 }).toBeGreaterThan(0);
    const second = await run(args, env);
    expect(second.code).toBe(2);
    expect(second.stderr).toContain('error: ');
    expect((await first.ended).code).toBe(0);
    for (const date of DATES) expect((await lines(date)).sort()).toEqual(began(simulator, date).sort());
  });
});
