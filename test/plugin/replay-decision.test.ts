import { describe, expect, it } from 'vitest';
import { decideReplay, type ReplayFacts } from '../../src/plugin/replay-decision.ts';

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

const table: [title: string, facts: Partial<ReplayFacts>, action: string, reason: string][] = [
  ['a 401 from another origin', { leftOrigin: true }, 'return-answer', 'left-origin'],
  ['a 401 that does not reject the token', { isTokenRejected: false }, 'return-answer', 'token-not-rejected'],
  ['a used-up body', { isRepeatable: false }, 'return-answer', 'body-used-up'],
  ['a used-up body with a newer token', { isRepeatable: false, ...newer }, 'return-answer', 'body-used-up'],
  ['a rejected token', {}, 'replay', 'token-rejected'],
  ['a rejected token after the last replay', { replays: 1 }, 'return-answer', 'replays-used-up'],
  ['a rejected token with replays left', { replays: 1, maxReplays: 2 }, 'replay', 'token-rejected'],
  ['a rejected token without allowed replays', { maxReplays: 0 }, 'return-answer', 'replays-used-up'],
  ['a newer token', newer, 'replay-without-fetch', 'newer-token'],
  [
    'a newer token without allowed replays',
    { ...newer, maxReplays: 0 },
    'replay-without-fetch',
    'newer-token',
  ],
  ['a newer token after 3 replays', { ...newer, replays: 3 }, 'replay-without-fetch', 'newer-token'],
  ['a newer token after 4 replays', { ...newer, replays: 4 }, 'return-answer', 'replays-used-up'],
  ['a newer token after 4 of 6 replays', { ...newer, replays: 4, maxReplays: 6 }, 'replay', 'token-rejected'],
  ['a token from the store', stored, 'replay', 'token-from-store'],
  ['a token from the store after 3 replays', { ...stored, replays: 3 }, 'replay', 'token-from-store'],
  ['a token from the store after 4 replays', { ...stored, replays: 4 }, 'return-answer', 'replays-used-up'],
  [
    'a newer token and a sent token from the store',
    { ...newer, ...stored },
    'replay-without-fetch',
    'newer-token',
  ],
  ['an endpoint without token fetches', usedUp, 'return-answer', 'fetches-used-up'],
  ['an endpoint without token fetches and a newer token', { ...usedUp, ...newer }, 'replay-without-fetch', 'newer-token'],
  ['an endpoint without token fetches and a token from the store', { ...usedUp, ...stored }, 'return-answer', 'fetches-used-up'],
];

describe('decideReplay', () => {
  it.each(table)('decides on %s', (_, facts, action, reason) => {
    expect(decideReplay({ ...rejected, ...facts })).toEqual({ action, reason });
  });
});
