import type { Clock } from '../core/index.ts';
import { monotonicOf, systemClock } from '../core/internal.ts';
import type { Presence } from './presence.ts';
import type { WorkerFault } from './worker-fault.ts';
import type { ExportWorkerEvent } from './worker-options.ts';

/** Keeps a worker from taking parts while its machine cannot process any. */
export interface WorkerPause {
  readonly isActive: boolean;
  /**
   * Pauses the worker, for longer each time. Has no effect during a pause, because several running parts fail for one reason.
   *
   * @returns how often in a row the worker has failed for the same reason.
   */
  begin(fault: WorkerFault, error: Error): number;
  /** Takes no parts for a moment, without an event. @param delay in milliseconds. */
  rest(delay: number): void;
  /** Notes that the API answered. */
  answered(): void;
  /** Notes that a part is complete. */
  finished(): void;
  /** Cancels the end of the pause. */
  close(): void;
}

interface WorkerPauseOptions {
  clock: Clock;
  /** Stops taking parts. */
  stop: () => void;
  /** Takes parts again. */
  start: () => void;
  presence: Pick<Presence, 'update'>;
  emit: (event: ExportWorkerEvent) => void;
}

// In milliseconds. The longest pause also bounds how long a later export waits for the answer of a worker that cannot process it.
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 60_000;

// After this time since the last pause, a failure is a new one.
const FORGET_AFTER = 600_000;

export function createWorkerPause({ clock, stop, start, presence, emit }: WorkerPauseOptions): WorkerPause {
  const now = monotonicOf(clock);
  let tries = 0;
  let lastFault: WorkerFault | undefined;
  let endedAt = 0;
  let timer: unknown;
  let resting: unknown;

  function end(): void {
    timer = undefined;
    endedAt = now();
    presence.update({ paused: undefined });
    if (resting === undefined) start();
    emit({ type: 'resumed' });
  }

  function endRest(): void {
    resting = undefined;
    if (timer === undefined) start();
  }

  return {
    get isActive() {
      return timer !== undefined || resting !== undefined;
    },
    begin(fault, error) {
      if (timer !== undefined) return tries;
      if (fault !== lastFault || now() - endedAt > FORGET_AFTER) tries = 0;
      lastFault = fault;
      const delay = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** tries++);
      timer = clock.setTimeout(end, delay);
      stop();
      presence.update({ paused: reasonOf(error) });
      emit({ type: 'paused', error, delay });
      return tries;
    },
    rest(delay) {
      if (timer !== undefined || resting !== undefined) return;
      // BullMQ delays jobs by the system clock.
      resting = systemClock.setTimeout(endRest, delay);
      stop();
    },
    answered() {
      if (lastFault !== 'directory') tries = 0;
    },
    finished() {
      tries = 0;
    },
    close() {
      if (timer !== undefined) clock.clearTimeout(timer);
      if (resting !== undefined) systemClock.clearTimeout(resting);
    },
  };
}

/** Returns the first sentence of an error, which says what happened. The others say what to do. */
export function reasonOf({ message }: { readonly message: string }): string {
  return message.replace(/\. [A-Z].*$|\.$/s, '').slice(0, 200);
}
