import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { sinksFor } from '../../src/cli/output.ts';
import type { VendorSimulator } from '../../src/testing/index.ts';
import { startSimulator } from '../support/simulated.ts';
import { Captured, genesysEnv, run, truth } from './support.ts';

const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');

function toStdout({ interval }: VendorSimulator, ...more: string[]): string[] {
  const name = ['export', 'genesys-conversations'];
  return [...name, '--interval', interval, '--out', '-', '--rate', 'none', ...more];
}

/** Runs the command in its own process, and returns what a shell pipeline after it writes. */
async function piped(simulator: VendorSimulator, pipeline: string, ...more: string[]): Promise<string> {
  const script = `"$0" --import tsx "$@" | ${pipeline}`;
  const { stdout } = await promisify(execFile)(
    'bash',
    ['-c', script, process.execPath, MAIN, ...toStdout(simulator, ...more)],
    { env: { PATH: process.env.PATH, ...genesysEnv(simulator) } },
  );
  return stdout;
}

describe('--out -', () => {
  it('writes gzip that gzip -d reads, also a part of it', async () => {
    const simulator = await startSimulator({ records: 30 });
    expect(await piped(simulator, 'gzip -d', '--format', 'jsonl.gz')).toBe(truth(simulator));
    const first = await piped(
      simulator,
      'zcat | head -n 1',
      '--format',
      'csv.gz',
      '--columns',
      'conversationId',
    );
    expect(first).toBe('conversationId\n');
  });

  it('refuses to write gzip to a terminal', () => {
    const stdout = new Captured();
    stdout.isTTY = true;
    expect(() => sinksFor({ stdout }, { out: '-', format: 'csv.gz' }, { name: 'n' }, {})).toThrow(
      '--out: - is a terminal, which cannot show csv.gz: redirect standard output to a file or a program, or choose csv',
    );
    expect(() => sinksFor({ stdout }, { out: '-', format: 'csv' }, { name: 'n' }, {})).not.toThrow();
  });

  it('writes rows as CSV', async () => {
    const simulator = await startSimulator({ records: 3 });
    const args = toStdout(simulator, '--format', 'csv', '--rows', 'segments');
    const { code, stdout, stderr } = await run(args, genesysEnv(simulator));
    expect(code).toBe(0);
    expect(stderr).toContain('complete: 3 records');
    const segments = [...simulator.records()].flatMap(({ participants }) =>
      participants.flatMap(({ sessions }) => sessions.flatMap((session) => session.segments)),
    );
    expect(parse(stdout, { columns: true })).toHaveLength(segments.length);
  });
});

describe('--rows', () => {
  it.each([
    [['export', 'genesys-conversations', '--rows', 'segments'], '--rows requires the format csv'],
    [['export', 'genesys-conversations', '--rows', 'segment'], 'did you mean segments?'],
    [['export', 'cxone-completed-contacts', '--rows', 'segments'], 'Only genesys-conversations and'],
  ])('is refused: %j', async (args, message) => {
    const more = ['--interval', '2023-10-01/2023-10-02', '--out', '/nowhere/out.jsonl'];
    const { code, stderr } = await run([...args, ...more], {});
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
