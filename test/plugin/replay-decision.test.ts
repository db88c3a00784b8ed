import { describe, expect, it } from 'vitest';
import { decideReplay, type ReplayDecision, type ReplayFacts } from '../../src/plugin/replay-decision.ts';

/** A request whose token was rejected and that may be replayed once. */
const rejected: ReplayFacts = {
  leftOrigin: false,
  isTokenRejected: true,
  isRepeatable: true,
  replays: 0,
  maxReplays: 1,
  hasNewerToken: false,
  cameFromStore: false,
  mayFetch: true,
};

const newer = { hasNewerToken: true };
const stored = { cameFromStore: true };
const usedUp = { mayFetch: false };

const table: [title: string, facts: Partial<ReplayFacts>, decision: ReplayDecision][] = [
  ['a 401 from another origin', { leftOrigin: true }, 'return-answer'],
  ['a 401 that does not reject the token', { isTokenRejected: false }, 'return-answer'],
  ['a used-up body', { isRepeatable: false }, 'return-answer'],
  ['a used-up body with a newer token', { isRepeatable: false, ...newer }, 'return-answer'],
  ['a rejected token', {}, 'replay'],
  ['a rejected token after the last replay', { replays: 1 }, 'return-answer'],
  ['a rejected token with replays left', { replays: 1, maxReplays: 2 }, 'replay'],
  ['a rejected token without allowed replays', { maxReplays: 0 }, 'return-answer'],
  ['a newer token', newer, 'replay-without-fetch'],
  ['a newer token without allowed replays', { ...newer, maxReplays: 0 }, 'replay-without-fetch'],
  ['a newer token after 3 replays', { ...newer, replays: 3 }, 'replay-without-fetch'],
  ['a newer token after 4 replays', { ...newer, replays: 4 }, 'return-answer'],
  ['a newer token after 4 of 6 replays', { ...newer, replays: 4, maxReplays: 6 }, 'replay'],
  ['a token from the store', stored, 'replay'],
  ['a token from the store after 3 replays', { ...stored, replays: 3 }, 'replay'],
  ['a token from the store after 4 replays', { ...stored, replays: 4 }, 'return-answer'],
  ['a newer token and a sent token from the store', { ...newer, ...stored }, 'replay-without-fetch'],
  ['an endpoint without token fetches', usedUp, 'return-answer'],
  ['an endpoint without token fetches and a newer token', { ...usedUp, ...newer }, 'replay-without-fetch'],
  ['an endpoint without token fetches and a token from the store', { ...usedUp, ...stored }, 'return-answer'],
];

describe('decideReplay', () => {
  it.each(table)('decides on %s', (_, facts, decision) => {
    expect(decideReplay({ ...rejected, ...facts })).toBe(decision);
  });
});
