#!/usr/bin/env node
import type { EndSignal } from './io.ts';
import { runCommand } from './program.ts';

const SIGNALS: readonly EndSignal[] = ['SIGINT', 'SIGTERM'];

// A reader such as `head` can close the pipe. The failed write reports that; without a listener, Node would print a stack.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

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
