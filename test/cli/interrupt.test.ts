import { expect, it } from 'vitest';
import { abortOnSignal, Interruption } from '../../src/cli/interrupt.ts';
import type { EndSignal } from '../../src/cli/io.ts';
import { Captured } from './support.ts';

it('aborts at the first signal, ends the process at the second, and removes the listeners on release', () => {
  const listeners = new Set<(signal: EndSignal) => void>();
  const exits: number[] = [];
  const io = {
    env: {},
    stdout: new Captured(),
    stderr: new Captured(),
    onSignal(listener: (signal: EndSignal) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exit: (code: number) => void exits.push(code),
  };
  let aborts = 0;
  const before: number[] = [];
  const { signal, release } = abortOnSignal(
    io,
    () => {
      aborts++;
    },
    () => void before.push(exits.length),
  );
  const [send] = listeners;
  send?.('SIGTERM');
  expect(signal.reason).toBeInstanceOf(Interruption);
  expect(signal.reason.signal).toBe('SIGTERM');
  expect({ aborts, exits }).toEqual({ aborts: 1, exits: [] });
  send?.('SIGINT');
  send?.('SIGTERM');
  expect({ aborts, exits, before }).toEqual({ aborts: 1, exits: [130, 143], before: [0, 1] });
  release();
  expect(listeners.size).toBe(0);
});
