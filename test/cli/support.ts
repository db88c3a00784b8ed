import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { type Readable, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { EndSignal } from '../../src/cli/io.ts';
import { runCommand } from '../../src/cli/program.ts';
import type { VendorSimulator } from '../../src/testing/index.ts';

/** The result of a command. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** A stream that keeps the written text. */
export class Captured extends Writable {
  text = '';
  isTTY = false;
  columns = 120;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** The variables for the Genesys Cloud of a simulator. */
export function genesysEnv({ url, clientId, clientSecret }: VendorSimulator): Record<string, string> {
  return { GENESYS_ENV_URL: url, GENESYS_CLIENT_ID: clientId, GENESYS_CLIENT_SECRET: clientSecret };
}

/** The variables for the NICE CXone of a simulator, with access keys. */
export function cxoneEnv(simulator: VendorSimulator): Record<string, string> {
  return {
    CXONE_ISSUER: simulator.url,
    CXONE_CLIENT_ID: simulator.clientId,
    CXONE_CLIENT_SECRET: simulator.clientSecret,
    CXONE_ACCESS_KEY_ID: simulator.accessKeyId,
    CXONE_ACCESS_KEY_SECRET: simulator.accessKeySecret,
  };
}

/** Runs the command in this process. */
export async function run(
  args: readonly string[],
  env: Record<string, string>,
  {
    stderr = new Captured(),
    onStart,
  }: { stderr?: Captured; onStart?: (send: (signal: EndSignal) => void) => void } = {},
): Promise<Outcome> {
  const stdout = new Captured();
  const listeners = new Set<(signal: EndSignal) => void>();
  onStart?.((signal) => {
    for (const listener of listeners) listener(signal);
  });
  const code = await runCommand(args, {
    env,
    stdout,
    stderr,
    onSignal(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exit: () => {},
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** The command in its own process. */
export interface CommandProcess {
  child: ChildProcessByStdio<null, Readable, Readable>;
  /** Resolves when the process has ended; the code is -1 if a signal ended the process. */
  ended: Promise<Outcome & { signal: NodeJS.Signals | null }>;
}

const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');

/** Starts the command in its own process, which inherits only `PATH`. @param built the file of a built command. */
export function start(args: readonly string[], env: Record<string, string>, built?: string): CommandProcess {
  const program = built === undefined ? ['--import', 'tsx', MAIN] : [built];
  const child = spawn(process.execPath, [...program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      texts[name] += chunk.toString();
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code: code ?? -1, signal, ...texts }));
  return { child, ended };
}

/** The output of a complete export of all conversations. */
export function truth(simulator: VendorSimulator): string {
  return [...simulator.records()].map((record) => `${JSON.stringify(record)}\n`).join('');
}
