/** A pause of all requests to one origin, after the origin answered 429. Times are in milliseconds since the epoch. */
export interface Pause {
  until: number;
  /** When the next request may be sent after the pause. */
  nextSlot: number;
  /** Milliseconds between two requests after the pause. */
  gap: number;
}
