import type { EndSignal, Io } from './io.ts';

/** The reason that a run is aborted with when its process is asked to end. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly signal: EndSignal;

  constructor(signal: EndSignal) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

/**
 * Makes Ctrl-C and SIGTERM abort a run, which finishes its page and writes its checkpoint; the second ends the process at
 * once.
 *
 * @param onFirst is told of the first.
 * @param onSecond is told of the second, before the end: to put a terminal in order.
 * @returns the run's signal, and a function that lets go of those of the process.
 */
export function abortOnSignal(
  io: Io,
  onFirst: () => void,
  onSecond = () => {},
): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const release = io.onSignal((name) => {
    const interruption = new Interruption(name);
    if (controller.signal.aborted) {
      onSecond();
      io.exit(name === 'SIGINT' ? 130 : 143);
      return;
    }
    onFirst();
    controller.abort(interruption);
  });
  return { signal: controller.signal, release };
}
