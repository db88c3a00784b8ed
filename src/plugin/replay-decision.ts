/** The facts about a response that decide whether its request is replayed. */
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
  /** Whether this response may cause a token fetch. An endpoint that refuses every token uses up its token fetches. */
  mayFetch: boolean;
}

export type ReplayDecision = 'return-answer' | 'replay' | 'replay-without-fetch';

// Replays without a token fetch do not count against `maxReplays`, but need a limit as well.
const MAX_FREE_REPLAYS = 4;

/** Decides whether a request is replayed. */
export function decideReplay(facts: ReplayFacts): ReplayDecision {
  const { replays, maxReplays } = facts;
  if (facts.leftOrigin || !facts.isTokenRejected || !facts.isRepeatable) return 'return-answer';
  const isFree = replays < MAX_FREE_REPLAYS;
  if (isFree && facts.hasNewerToken) return 'replay-without-fetch';
  // For a token from the store no token was fetched yet, and the stored token may have been revoked before.
  const mayReplay = replays < maxReplays || (isFree && facts.cameFromStore);
  return mayReplay && facts.mayFetch ? 'replay' : 'return-answer';
}
