import { setMaxListeners } from 'node:events';

/** Allows any number of listeners of a signal. */
export function allowListeners(signal: AbortSignal): void {
  try {
    setMaxListeners(0, signal);
  } catch {
    // Node rejects the signals of jsdom, which accept any number of listeners.
  }
}
