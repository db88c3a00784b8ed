import type { EndSignal, Io } from './io.ts';

/** The reason of an abort by Ctrl-C or SIGTERM. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly signal: EndSignal;

  constructor(signal: EndSignal) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

/**
 * Aborts a run at the first Ctrl-C or SIGTERM, and ends the process at the second.
 *
 * @param onFirst called at the first.
 * @param onSecond called before the process ends, to restore the terminal.
 * @returns the abort signal of the run, and a function that removes the signal listeners.
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
