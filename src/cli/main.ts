#!/usr/bin/env node
import type { EndSignal } from './io.ts';
import { runCommand } from './program.ts';

const SIGNALS: readonly EndSignal[] = ['SIGINT', 'SIGTERM'];

// A reader that goes away, such as `head`, is told to whoever writes; what is left over must not end in a stack.
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

// Not left to the event loop: a token request under way outlives the run that asked for it.
const written = [process.stdout, process.stderr].map(
  (stream) => new Promise<void>((done) => stream.write('', () => done())),
);
await Promise.all(written);
process.exit(exitCode);
