import type { Clock, TokenError } from '../core/index.ts';
import { monotonicOf } from '../core/internal.ts';

/** Milliseconds for which a failed refresh is not repeated, unless the server names another time. */
const COOL_DOWN = 5_000;
const MAX_COOL_DOWN = 3_600_000;

/** Repeats the last failure of a refresh for a while instead of sending another token request. */
export interface CoolDown {
  /** Returns the error to repeat; undefined if a refresh may start. */
  failure(): TokenError | undefined;
  allowsBackground(): boolean;
  begin(error: TokenError, isBackground: boolean): void;
  end(): void;
}

export function createCoolDown(clock: Clock): CoolDown {
  const now = monotonicOf(clock);
  let failure: { error: TokenError; until: number } | undefined;
  let noBackgroundUntil = Number.NEGATIVE_INFINITY;
  return {
    failure: () => (failure && now() < failure.until ? failure.error : undefined),
    allowsBackground: () => now() >= noBackgroundUntil,
    begin(error, isBackground) {
      const pause = pauseAfter(error, isBackground);
      if (pause > 0) failure = { error, until: now() + pause };
      noBackgroundUntil = now() + Math.max(pause, COOL_DOWN);
    },
    end() {
      failure = undefined;
    },
  };
}

function pauseAfter({ code, retryAfter }: TokenError, isBackground: boolean): number {
  if (retryAfter) return Math.min(retryAfter, MAX_COOL_DOWN);
  if (code === 'ERR_TOKEN_TIMEOUT') return 0;
  if (code !== 'ERR_TOKEN_REQUEST' && code !== 'ERR_TOKEN_STORE') return COOL_DOWN;
  // An axios-retry of the application treats these errors as network errors and retries at once. A background refresh has made no
  // retries.
  return isBackground ? 0 : COOL_DOWN / 5;
}
