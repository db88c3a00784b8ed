import { describe, expect, it } from 'vitest';
import type { ExportWorkerEvent } from '../../src/bullmq/index.ts';
import type { WorkerFault } from '../../src/bullmq/worker-fault.ts';
import { createWorkerPause, reasonOf } from '../../src/bullmq/worker-pause.ts';
import { createManualClock } from '../support/manual-clock.ts';

const MINUTE = 60_000;

function paused() {
  const clock = createManualClock();
  const calls: string[] = [];
  const delays: number[] = [];
  const pause = createWorkerPause({
    clock,
    stop: () => calls.push('stop'),
    start: () => calls.push('start'),
    presence: { update: ({ paused: reason }) => calls.push(String(reason)) },
    emit: (event: ExportWorkerEvent) => {
      if (event.type === 'paused') delays.push(event.delay);
      else calls.push(event.type);
    },
  });
  const fail = (fault: WorkerFault = 'network') =>
    pause.begin(fault, new Error('no network. Check the cable.'));
  return { clock, calls, delays, pause, fail };
}

describe('the pause of a worker', () => {
  it('doubles with each failure, up to a minute', async () => {
    const { clock, delays, fail } = paused();
    const tries: number[] = [];
    for (let failure = 0; failure < 6; failure++) {
      tries.push(fail());
      await clock.advance(MINUTE);
    }
    expect(delays).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    expect(tries).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('announces the reason, and ends with one event', async () => {
    const { clock, calls, pause, fail } = paused();
    fail();
    expect(pause.isActive).toBe(true);
    await clock.advance(4999);
    expect(pause.isActive).toBe(true);
    await clock.advance(1);
    expect(pause.isActive).toBe(false);
    expect(calls).toEqual(['stop', 'no network', 'undefined', 'start', 'resumed']);
  });

  it('is begun once by several parts that fail together', async () => {
    const { clock, calls, delays, fail } = paused();
    expect([fail(), fail('directory'), fail()]).toEqual([1, 1, 1]);
    await clock.advance(5000);
    expect(delays).toEqual([5000]);
    expect(calls.filter((call) => call === 'stop')).toHaveLength(1);
  });

  it.each<[string, (state: ReturnType<typeof paused>) => unknown, number]>([
    ['another fault', ({ fail }) => fail('directory'), 5000],
    ['the same fault', ({ fail }) => fail(), 20_000],
    [
      'the same fault within 10 minutes',
      ({ clock, fail }) => clock.advance(9.9 * MINUTE).then(() => fail()),
      20_000,
    ],
    [
      'the same fault after 10 minutes',
      ({ clock, fail }) => clock.advance(10.1 * MINUTE).then(() => fail()),
      5000,
    ],
    [
      'an answer of the API',
      ({ pause, fail }) => {
        pause.answered();
        fail();
      },
      5000,
    ],
    [
      'a complete part',
      ({ pause, fail }) => {
        pause.finished();
        fail();
      },
      5000,
    ],
  ])('after two failures and %s takes %s', async (_, act, delay) => {
    const state = paused();
    for (let failure = 0; failure < 2; failure++) {
      state.fail();
      await state.clock.advance(10_000);
    }
    await act(state);
    expect(state.delays.at(-1)).toBe(delay);
  });

  it('for a directory does not get shorter because the API answers', async () => {
    const { clock, delays, pause, fail } = paused();
    fail('directory');
    await clock.advance(5000);
    pause.answered();
    fail('directory');
    expect(delays).toEqual([5000, 10_000]);
  });

  it('leaves no timer behind when the worker closes', async () => {
    const { clock, calls, pause, fail } = paused();
    fail();
    pause.close();
    expect(clock.pending).toBe(0);
    await clock.advance(MINUTE);
    expect(calls).not.toContain('resumed');
  });
});

it.each([
  ['the disk is full. Free some space.', 'the disk is full'],
  ['the disk is full.', 'the disk is full'],
  ['api.example.com: getaddrinfo ENOTFOUND', 'api.example.com: getaddrinfo ENOTFOUND'],
])('reasonOf(%j)', (message, reason) => {
  expect(reasonOf({ message })).toBe(reason);
});
