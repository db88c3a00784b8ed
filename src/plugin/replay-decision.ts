/** The facts about a refusal that decide whether its request is replayed. */
export interface ReplayFacts {
  /** Whether a redirect led to another origin. The response then says nothing about the token. */
  leftOrigin: boolean;
  /** Whether the response rejects the token, according to `shouldRefresh`, the vendor or the Bearer challenge. */
  isTokenRejected: boolean;
  /** Whether the body can be sent again. */
  isRepeatable: boolean;
  /** How often the request has been replayed. */
  replays: number;
  maxReplays: number;
  /** Whether the manager holds a newer token than the sent token. */
  hasNewerToken: boolean;
  /** Whether another process fetched the token that was sent. */
  cameFromStore: boolean;
  /** Whether this refusal may cause a token fetch, which endpoints that refuse every token use up. */
  mayFetch: boolean;
}

interface Answered {
  action: 'return-answer';
  reason: 'left-origin' | 'token-not-rejected' | 'body-used-up' | 'fetches-used-up' | 'replays-used-up';
}

export type ReplayDecision =
  | Answered
  | { action: 'replay'; reason: 'token-rejected' | 'token-from-store' }
  | { action: 'replay-without-fetch'; reason: 'newer-token' };

// Replays without a token fetch do not count against `maxReplays`, but need a limit as well.
const MAX_FREE_REPLAYS = 4;

/** Decides whether a request is replayed. */
export function decideReplay(facts: ReplayFacts): ReplayDecision {
  const { replays } = facts;
  if (facts.leftOrigin) return answer('left-origin');
  if (!facts.isTokenRejected) return answer('token-not-rejected');
  if (!facts.isRepeatable) return answer('body-used-up');
  const isFree = replays < MAX_FREE_REPLAYS;
  if (isFree && facts.hasNewerToken) return { action: 'replay-without-fetch', reason: 'newer-token' };
  if (!facts.mayFetch) return answer('fetches-used-up');
  // No token was fetched for this request yet, and the stored token may have been revoked before.
  if (isFree && facts.cameFromStore) return { action: 'replay', reason: 'token-from-store' };
  if (replays < facts.maxReplays) return { action: 'replay', reason: 'token-rejected' };
  return answer('replays-used-up');
}

function answer(reason: Answered['reason']): Answered {
  return { action: 'return-answer', reason };
}
