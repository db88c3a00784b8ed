import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quietReporter } from '../../src/cli/reporter/quiet.ts';
import type { Reporter } from '../../src/cli/reporter/types.ts';
import { temporaryDirectory } from '../support/batch.ts';
import { startSimulator } from '../support/simulated.ts';
import { genesysEnv, run } from './support.ts';

const EXPORT = ['export', 'genesys-conversations', '--interval', '2023-10-01/2023-10-02'];

describe('--quiet', () => {
  it.each(['text', 'json'])(
    'prints nothing about complete exports and imports with --log %s',
    async (log) => {
      const simulator = await startSimulator({ records: 30 });
      const directory = await temporaryDirectory();
      const quiet = ['--quiet', '--log', log, '--progress-interval', '0', '--rate', 'none'];
      const nothing = { code: 0, stdout: '', stderr: '' };
      const env = genesysEnv(simulator);
      expect(await run([...EXPORT, '--out', join(directory, 'a.jsonl'), ...quiet], env)).toEqual(nothing);
      const contacts = join(directory, 'c.jsonl');
      await writeFile(contacts, '{"data":{"name":"a"}}\n');
      const importing = ['import', 'genesys-contacts', '--list', 'l1', '--in', contacts, ...quiet];
      expect(await run(importing, env)).toEqual(nothing);
    },
  );

  it.each([
    ['a failure', [...EXPORT, '--out', '/nowhere/a.jsonl'], 2, /^error: .*\/nowhere does not exist[^\n]*\n$/],
    [
      'too few records',
      [...EXPORT, '--out', '-', '--min-records', '999'],
      8,
      /^warning: .*\n.*\nhint: exit code 8/,
    ],
  ])('prints %s', async (_, args, code, text) => {
    const simulator = await startSimulator({ records: 30 });
    const outcome = await run([...args, '--quiet'], genesysEnv(simulator));
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toMatch(text);
  });

  it('passes on only warnings, interruptions, problems and failures', () => {
    const seen: string[] = [];
    const reporter = Object.fromEntries(
      [
        'started',
        'progress',
        'event',
        'note',
        'completed',
        'warning',
        'interrupted',
        'problem',
        'failed',
        'stop',
      ].map((name) => [name, () => seen.push(name)]),
    ) as unknown as Reporter;
    const quiet = quietReporter(reporter);
    quiet.started('export', 'a');
    quiet.note('days-started', '3 days', {});
    quiet.completed({ message: 'complete', summary: {}, exitCode: 0 });
    expect(seen).toEqual(['stop']);
    quiet.warning('w');
    quiet.interrupted('i');
    quiet.problem('day-failed', 'd', {});
    quiet.completed({ message: 'complete', summary: {}, exitCode: 8 });
    quiet.failed({ message: 'f', exitCode: 2 });
    expect(seen).toEqual(['stop', 'warning', 'interrupted', 'problem', 'completed', 'failed']);
  });
});
