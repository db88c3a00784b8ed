import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { startSimulator } from '../support/simulated.ts';
import { installDebian } from './debian.ts';
import { openTerminal, type Terminal } from './tmux.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const COMMAND = join(ROOT, 'dist/cli/main.js');
const REPORTER = join(ROOT, 'test/support/reporter-script.ts');

const BAR = /[█░]/;
const INTERVAL = '2026-10-01/2026-10-08';

beforeAll(() => {
  installDebian('tmux', 'tmux');
  installDebian('script', 'bsdutils');
}, 300_000);

const bars = (lines: string[]) => lines.filter((line) => BAR.test(line));

/** Writes a script that runs an export of a slow simulator for minutes. @returns the script */
async function slowExport(directory: string): Promise<{ script: string; fail(): void }> {
  let isFailing = false;
  const simulator = await startSimulator({
    records: 40_000,
    interval: '2026-10-01T00:00:00Z/2026-10-08T00:00:00Z',
    pageDelay: 300,
    faults: { schedule: () => (isFailing ? '404' : undefined) },
  });
  const { url, clientId, clientSecret } = simulator;
  const script = join(directory, 'export.sh');
  writeFileSync(
    script,
    `export GENESYS_ENV_URL=${url} GENESYS_CLIENT_ID=${clientId} GENESYS_CLIENT_SECRET=${clientSecret}
exec ${process.execPath} ${COMMAND} export genesys-conversations --rate none --read-ahead 1 --interval ${INTERVAL} "$@"
`,
  );
  return {
    script,
    fail() {
      isFailing = true;
    },
  };
}

/** Starts an export in a terminal, and waits until its bar shows the time left. */
async function exporting(columns: number): Promise<{ terminal: Terminal; fail(): void }> {
  const terminal = openTerminal(columns);
  const { script, fail } = await slowExport(terminal.directory);
  terminal.run(`clear; bash ${script} --out a.jsonl`);
  await terminal.waitFor(/ left/);
  return { terminal, fail };
}

describe('an export in a terminal', () => {
  it.each([40, 80, 100])('shows the time left in one line of %i columns', async (columns) => {
    const { terminal } = await exporting(columns);
    for (let second = 0; second < 3; second++) {
      const [bar = '', ...others] = bars(terminal.lines());
      expect(others).toEqual([]);
      expect(bar).toMatch(/^[█░]+ \d+% \| .* left/);
      expect(bar.length).toBeLessThan(columns);
      await new Promise((done) => setTimeout(done, 1000));
    }
  });

  it('leaves one bar on the screen when the terminal becomes narrower and wider', async () => {
    const { terminal } = await exporting(100);
    for (const columns of [80, 40, 55, 120, 40]) {
      terminal.resize(columns);
      await new Promise((done) => setTimeout(done, 700));
      const screen = terminal.lines();
      expect(bars(screen), screen.join('\n')).toHaveLength(1);
      expect(screen.at(-1)).toMatch(/^[█░]+ \d+% \| .* left/);
    }
  });

  it.each([40, 100])('leaves no bar and no ^C beside text after Ctrl-C in %i columns', async (columns) => {
    const { terminal } = await exporting(columns);
    terminal.press('C-c');
    const screen = await terminal.waitFor(/^resume: [\s\S]*\n\$$/m);
    expect(bars(screen), screen.join('\n')).toEqual([]);
    expect(screen.join('\n')).toMatch(/^warning: stopping after the current/m);
    expect(screen.join('\n')).toMatch(/^error: interrupted/m);
    expect(screen.join('\n')).not.toContain('^C');
  });

  it('leaves no bar after a second Ctrl-C', async () => {
    const { terminal } = await exporting(80);
    terminal.press('C-c', 'C-c');
    const screen = await terminal.waitFor(/^\$$/m);
    expect(bars(screen), screen.join('\n')).toEqual([]);
  });

  it('leaves no bar after an error', async () => {
    const { terminal, fail } = await exporting(60);
    fail();
    const screen = await terminal.waitFor(/^error: [\s\S]*\n\$$/m);
    expect(bars(screen), screen.join('\n')).toEqual([]);
  });

  it('leaves the line wrap and the cursor as they were after kill -9', async () => {
    const { terminal } = await exporting(80);
    terminal.press('C-z');
    terminal.run('kill -9 %1; clear; echo $((6 * 7)) >done');
    await expect.poll(() => terminal.flag('wrap_flag') + terminal.flag('cursor_flag')).toBe('11');
    terminal.run(`clear; printf '%0100d\\n' 7`);
    const screen = await terminal.waitFor(/^0+7$/m);
    expect(screen.filter((line) => /^0+7?$/.test(line))).toEqual(['0'.repeat(80), `${'0'.repeat(19)}7`]);
  });

  it.each(['TERM=dumb', 'NO_COLOR=1'])('writes no escape sequence with %s', async (variable) => {
    const terminal = openTerminal(80);
    const { script } = await slowExport(terminal.directory);
    const raw = join(terminal.directory, 'raw');
    const command = `env ${variable} bash ${script} --out a.jsonl --progress-interval 0.2`;
    terminal.run(`clear; script -qc '${command}' ${raw}`);
    await terminal.waitFor(/ left, /);
    terminal.press('C-c');
    await terminal.waitFor(/^resume: [\s\S]*\n\$$/m);
    const text = readFileSync(raw, 'utf8');
    expect(text).toContain(' left, ');
    expect(text).toMatch(/^warning: stopping/m);
    expect(text).not.toContain('\x1b');
    expect(text).not.toMatch(BAR);
  });
});

describe('a reporter in a terminal whose API is down', () => {
  const start = (columns: number, outage: number) => {
    const terminal = openTerminal(columns);
    terminal.run(`clear; cd ${ROOT}; ${process.execPath} --import tsx ${REPORTER} ${outage}`);
    return terminal;
  };

  it.each([
    [40, /^24% \| waiting (\d+) s, until \d\d:\d\d:\d\d$/m],
    [80, /^[█░]+ 24% \| waiting (\d+) s: api.mypurecloud.com returned 503; gives up at \d\d:\d\d:\d\d$/m],
    [
      100,
      /^[█░]+ 24% \| waiting: api.mypurecloud.com returned 503; next try in (\d+) s, gives up at \d\d:\d\d:\d\d$/m,
    ],
  ])('counts down in %i columns to the next try', async (columns, pattern) => {
    const terminal = start(columns, 60_000);
    const first = await terminal.waitFor(pattern);
    // The message above the bar has it all, in as many lines as needed.
    expect(first.join(' ')).toMatch(
      /waiting: api.mypurecloud.com returned 503; next try in 20 s, gives up at \d\d:\d\d:\d\d/,
    );
    const left = Number(pattern.exec(first.join('\n'))?.[1]);
    const later = await terminal.waitFor(new RegExp(`\\b${left - 2} s`));
    expect(later.at(-1)).toContain(`${left - 2} s`);
  });

  it('says once that the API answered again', async () => {
    const terminal = start(80, 2000);
    const screen = await terminal.waitFor(/^complete$/m);
    expect(screen.filter((line) => line.startsWith('the API answered again after 2.'))).toHaveLength(1);
    expect(screen.filter((line) => line.startsWith('waiting: '))).toHaveLength(1);
  });
});
