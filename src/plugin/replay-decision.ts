/** What is known about a 401 when the plugin decides whether to replay its request. */
export interface ReplayFacts {
  /** A redirect led to another origin, so that the answer is no judgement of the token. */
  leftOrigin: boolean;
  /** Whether the answer rejects the token, according to `shouldRefresh`, the vendor or the Bearer challenge. */
  isTokenRejected: boolean;
  /** Whether the body can be sent a second time. */
  isRepeatable: boolean;
  /** How often the request was replayed already. */
  replays: number;
  maxReplays: number;
  /** Whether the manager holds a newer token than the one that was sent. */
  hasNewerToken: boolean;
  /** Whether another process fetched the token that was sent. */
  cameFromStore: boolean;
}

interface Answered {
  action: 'return-answer';
  reason: 'left-origin' | 'token-not-rejected' | 'body-used-up' | 'replays-used-up';
}

export type ReplayDecision =
  | Answered
  | { action: 'replay'; reason: 'token-rejected' | 'token-from-store' }
  | { action: 'replay-without-fetch'; reason: 'newer-token' };

// Replays for which no token is fetched do not count against `maxReplays`, but must end as well.
const MAX_FREE_REPLAYS = 4;

/** Decides whether a request is replayed. */
export function decideReplay(facts: ReplayFacts): ReplayDecision {
  const { replays } = facts;
  if (facts.leftOrigin) return answer('left-origin');
  if (!facts.isTokenRejected) return answer('token-not-rejected');
  if (!facts.isRepeatable) return answer('body-used-up');
  if (replays < MAX_FREE_REPLAYS) {
    if (facts.hasNewerToken) return { action: 'replay-without-fetch', reason: 'newer-token' };
    // No token was fetched for this request yet, and the stored token may have been revoked earlier.
    if (facts.cameFromStore) return { action: 'replay', reason: 'token-from-store' };
  }
  if (replays < facts.maxReplays) return { action: 'replay', reason: 'token-rejected' };
  return answer('replays-used-up');
}

function answer(reason: Answered['reason']): Answered {
  return { action: 'return-answer', reason };
}
