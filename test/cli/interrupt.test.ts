import { expect, it } from 'vitest';
import { abortOnSignal, Interruption } from '../../src/cli/interrupt.ts';
import type { EndSignal } from '../../src/cli/io.ts';
import { Captured } from './support.ts';

it('the first signal aborts, the second ends the process at once, and then both are let go of', () => {
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
  let told = 0;
  const before: number[] = [];
  const { signal, release } = abortOnSignal(
    io,
    () => {
      told++;
    },
    () => void before.push(exits.length),
  );
  const [send] = listeners;
  send?.('SIGTERM');
  expect(signal.reason).toBeInstanceOf(Interruption);
  expect(signal.reason.signal).toBe('SIGTERM');
  expect({ told, exits }).toEqual({ told: 1, exits: [] });
  send?.('SIGINT');
  send?.('SIGTERM');
  expect({ told, exits, before }).toEqual({ told: 1, exits: [130, 143], before: [0, 1] });
  release();
  expect(listeners.size).toBe(0);
});
