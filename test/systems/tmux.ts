import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A shell in a terminal that tmux emulates. */
export interface Terminal {
  /** The working directory of the shell. */
  directory: string;
  /** Types keys in the notation of tmux, such as `C-c`. */
  press(...keys: string[]): void;
  /** Types a command and presses Enter. */
  run(command: string): void;
  /** Returns the lines on the screen, without blank lines. */
  lines(): string[];
  /** Waits until the screen matches, and returns its lines. @throws Error that shows the screen */
  waitFor(pattern: RegExp): Promise<string[]>;
  resize(columns: number): void;
  /** Returns a variable of the pane in tmux, such as `wrap_flag`. */
  flag(name: string): string;
}

const DEADLINE = 30_000;

/** Opens a terminal, which is closed when the test ends. */
export function openTerminal(columns: number): Terminal {
  const directory = mkdtempSync(join(tmpdir(), 'terminal-'));
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-S', join(directory, 'tmux'), '-f', '/dev/null', ...args], {
      cwd: directory,
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
      encoding: 'utf8',
    });
  tmux('new-session', '-d', '-x', String(columns), '-y', '24', "PS1='$ ' exec bash --norc --noprofile");
  onTestFinished(() => {
    tmux('kill-server');
    rmSync(directory, { recursive: true, force: true });
  });
  const lines = () =>
    tmux('capture-pane', '-p')
      .split('\n')
      .map((line) => line.trimEnd())
      .filter(Boolean);
  return {
    directory,
    press: (...keys) => void tmux('send-keys', ...keys),
    run(command) {
      tmux('send-keys', '-l', command);
      tmux('send-keys', 'Enter');
    },
    lines,
    async waitFor(pattern) {
      const end = Date.now() + DEADLINE;
      for (;;) {
        const screen = lines();
        if (pattern.test(screen.join('\n'))) return screen;
        if (Date.now() > end) throw new Error(`no ${pattern} on the screen:\n${screen.join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    resize: (width) => void tmux('resize-window', '-x', String(width), '-y', '24'),
    flag: (name) => tmux('display-message', '-p', `#{${name}}`).trim(),
  };
}
