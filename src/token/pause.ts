/** Releases requests one after another. */
export interface Slots {
  /** When the next request may be sent, by the monotonic clock. */
  nextSlot: number;
  /** Milliseconds between two requests. */
  gap: number;
  /** Resolves when the last request that waits has its slot, or was aborted. */
  turn?: Promise<void>;
}

/** A pause of all requests to one origin, after the origin answered 429. */
export interface Pause extends Slots {
  /** By the monotonic clock. */
  until: number;
}

/** The pauses of all instances that share a token, with the clock of their times. */
export interface SendPauses {
  readonly now: () => number;
  readonly byOrigin: Map<string, Pause>;
}
