import { spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { VendorSimulator } from '../../src/testing/index.ts';
import { temporaryDirectory } from '../support/batch.ts';
import { startSimulator } from '../support/simulated.ts';
import { type CommandProcess, genesysEnv, start, truth } from './support.ts';

// Each test starts one or more processes.

function args({ interval }: VendorSimulator, out: string, ...more: string[]): string[] {
  const name = ['export', 'genesys-conversations'];
  return [...name, '--interval', interval, '--out', out, '--rate', 'none', '--page-size', '10', ...more];
}

/** Resolves when the process has written a text to standard error. */
function untilWritten({ child }: CommandProcess, text: string): Promise<void> {
  return new Promise((done) => {
    let all = '';
    child.stderr.on('data', (chunk: Buffer) => {
      all += chunk.toString();
      if (all.includes(text)) done();
    });
  });
}

const EACH_PAGE = ['--progress-interval', '0', '--checkpoint-interval', '0'];

describe('an export in its own process', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'finishes the page at %s and exits with %i; the same command resumes',
    async (signal, exitCode) => {
      const simulator = await startSimulator({ records: 300, pageDelay: 30 });
      const out = join(await temporaryDirectory(), 'c.jsonl');
      const command = args(simulator, out, '--read-ahead', '0', ...EACH_PAGE);
      const first = start(command, genesysEnv(simulator));
      await untilWritten(first, '30 of');
      first.child.kill(signal);
      const { code, stdout, stderr } = await first.ended;
      expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
      expect(stderr).toContain('warning: stopping after the current page; ');
      expect(stderr).toMatch(/\nerror: interrupted\nresume: axios-oauth-refresh export \S.*\n$/);

      const { state } = JSON.parse(await readFile(`${out}.checkpoint`, 'utf8'));
      expect(state.records).toBeGreaterThanOrEqual(30);
      expect((await readFile(out, 'utf8')).trimEnd().split('\n')).toHaveLength(state.records);
      const served = simulator.counts.recordsServed;
      expect((await start(command, genesysEnv(simulator)).ended).code).toBe(0);
      expect(await readFile(out, 'utf8')).toBe(truth(simulator));
      // The first run may have requested a page that it did not write.
      expect(simulator.counts.recordsServed - served).toBeLessThanOrEqual(310 - state.records);
    },
  );

  it('does not wait for a hanging token endpoint at SIGINT', async () => {
    const simulator = await startSimulator();
    simulator.schedule({ match: '/oauth/token', kind: 'hang' });
    const out = join(await temporaryDirectory(), 'c.jsonl');
    const { child, ended } = start(args(simulator, out), genesysEnv(simulator));
    await expect.poll(() => simulator.counts.hangs).toBe(1);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain('\nerror: interrupted\nresume: ');
  });

  it('resumes after kill -9 without losing or repeating a record', async () => {
    const simulator = await startSimulator({ records: 300, pageDelay: 20, revokeEvery: 7 });
    const out = join(await temporaryDirectory(), 'c.jsonl');
    const command = args(simulator, out, ...EACH_PAGE);
    for (const seen of ['50 of', '150 of']) {
      const run = start(command, genesysEnv(simulator));
      await untilWritten(run, seen);
      run.child.kill('SIGKILL');
      expect((await run.ended).signal).toBe('SIGKILL');
    }
    const { code, stderr } = await start(command, genesysEnv(simulator)).ended;
    expect(code).toBe(0);
    expect(stderr).toContain('since the resume');
    expect(await readFile(out, 'utf8')).toBe(truth(simulator));
  });

  it('refuses a second run on the same output while the first is running', async () => {
    const simulator = await startSimulator({ records: 200, pageDelay: 250 });
    const out = join(await temporaryDirectory(), 'c.jsonl');
    const command = args(simulator, out, '--read-ahead', '0', ...EACH_PAGE);
    const first = start(command, genesysEnv(simulator));
    await untilWritten(first, '10 of');
    const { code, stderr } = await start(command, genesysEnv(simulator)).ended;
    expect(code).toBe(2);
    expect(stderr).toContain(`process ${first.child.pid} on `);
    expect((await first.ended).code).toBe(0);
    expect(await readFile(out, 'utf8')).toBe(truth(simulator));
  });

  it('never prints a secret or a token', async () => {
    const simulator = await startSimulator({
      records: 100,
      revokeEvery: 2,
      faults: { probability: 0.2, retryAfter: 0 },
    });
    const env = { ...genesysEnv(simulator), NODE_DEBUG: 'http', DEBUG: '*' };
    const directory = await temporaryDirectory();
    const log = ['--log', 'json', '--progress-interval', '0'];
    const runs = await Promise.all([
      start(args(simulator, join(directory, 'a.jsonl'), ...log), genesysEnv(simulator)).ended,
      start(args(simulator, join(directory, 'b.jsonl')), {
        ...env,
        GENESYS_CLIENT_SECRET: 'wrong-secret-1234',
      }).ended,
      start(['token'], genesysEnv(simulator)).ended,
    ]);
    expect(runs.map(({ code }) => code)).toEqual([0, 3, 0]);
    const events = runs[0].stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).event);
    expect(events).toContain('replay');
    expect(events).toContain('refresh-succeeded');
    expect(events.at(-1)).toBe('complete');
    const printed = runs
      .flatMap(({ stdout, stderr }) => [stdout, stderr])
      .join('\n')
      // NODE_DEBUG=http prints the requests, headers included.
      .replace(/^HTTP \d+: .*(\n {2}.*)*/gm, '');
    expect(printed).not.toContain(simulator.clientSecret);
    expect(printed).not.toContain('wrong-secret-1234');
    expect(printed).not.toMatch(/bearer|basic /i);
  });

  it('exits with 6 and a message if the reader of standard output closes the pipe', async () => {
    const simulator = await startSimulator({ records: 2000 });
    const command = start(args(simulator, '-', '--page-size', '100'), genesysEnv(simulator));
    command.child.stdout.once('data', () => command.child.stdout.destroy());
    const { code, stderr } = await command.ended;
    expect(code).toBe(6);
    expect(stderr).toMatch(/error: the reader closed the output\. .*\n$/);
  });

  it('writes to a pipe', async () => {
    const simulator = await startSimulator({ records: 40 });
    const { stdout, code } = await start(args(simulator, '-'), genesysEnv(simulator)).ended;
    expect(code).toBe(0);
    expect(stdout).toBe(truth(simulator));
  });
});

// Only the script command of util-linux has these flags.
const { status } = spawnSync('script', ['--version']);

describe.runIf(status === 0)('on a terminal', () => {
  it('draws a progress bar', async () => {
    const simulator = await startSimulator({ records: 300, pageDelay: 30 });
    const out = join(await temporaryDirectory(), 'c.jsonl');
    const main = resolve(import.meta.dirname, '../../src/cli/main.ts');
    const command = [process.execPath, '--import', 'tsx', main, ...args(simulator, out)];
    const child = spawn('script', ['--quiet', '--return', '--command', command.join(' '), '/dev/null'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, TERM: 'xterm', ...genesysEnv(simulator) },
    });
    let shown = '';
    for await (const chunk of child.stdout) shown += chunk;
    expect(shown).toMatch(/█+░* \d+% \| \d+ of 300 records/);
    expect(shown).toContain('complete: 300 records in');
  });
});
