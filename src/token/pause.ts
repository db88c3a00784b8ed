/** Releases requests one after another. */
export interface Slots {
  /** When the next request may be sent, in milliseconds since the epoch. */
  nextSlot: number;
  /** Milliseconds between two requests. */
  gap: number;
  /** Resolves when the last request that waits has its slot, or was aborted. */
  turn?: Promise<void>;
}

/** A pause of all requests to one origin, after the origin answered 429. */
export interface Pause extends Slots {
  /** In milliseconds since the epoch. */
  until: number;
}
