#!/usr/bin/env node
import type { EndSignal } from './io.ts';
import { isOutOfDescriptors, OUT_OF_DESCRIPTORS } from './out-of-descriptors.ts';

const SIGNALS: readonly EndSignal[] = ['SIGINT', 'SIGTERM'];

// A reader such as `head` can close the pipe. The failed write reports that; without a listener, Node would print a stack.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

// The exit code `partial`. The module of exit codes may be one of those that cannot be opened.
const INCOMPLETE = 6;

/** Loads the program, which consists of several hundred files that are opened together. */
async function loadProgram(): Promise<typeof import('./program.ts')> {
  try {
    return await import('./program.ts');
  } catch (error) {
    if (!isOutOfDescriptors(error)) throw error;
    process.stderr.write(`error: the program cannot be loaded: ${OUT_OF_DESCRIPTORS}\n`);
    process.exit(INCOMPLETE);
  }
}

const { runCommand } = await loadProgram();
const exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  onSignal(listener) {
    for (const signal of SIGNALS) process.on(signal, listener);
    return () => {
      for (const signal of SIGNALS) process.off(signal, listener);
    };
  },
  exit: (code) => process.exit(code),
});

// Do not wait for an empty event loop: a token request in progress outlives an interrupted run.
const written = [process.stdout, process.stderr].map(
  (stream) => new Promise<void>((done) => stream.write('', () => done())),
);
await Promise.all(written);
process.exit(exitCode);
