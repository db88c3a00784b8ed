import { describe, expect, it } from 'vitest';
import { createTokenState, type StateName, TRANSITIONS } from '../../src/token/token-state.ts';
import { createManualClock } from '../support/manual-clock.ts';

const LIFETIME = 1_000;

/** Creates a token state, and one action for each event of the table. */
function createSubject() {
  const clock = createManualClock();
  const state = createTokenState(clock);
  const start = clock.now();
  const token = () => ({ accessToken: 'a', refreshAt: start + LIFETIME / 2, expiresAt: start + LIFETIME });
  const goTo = (time: number) => clock.advance(Math.max(0, start + time - clock.now()));
  const events: Record<string, () => unknown> = {
    received: () => state.receive(token(), false),
    refreshAt: () => goTo(LIFETIME / 2),
    expiresAt: () => goTo(LIFETIME),
    rejected: () => state.reject(state.token()),
  };
  return { state, events, clock };
}

/** The events that lead to each state. */
const PATHS: Record<StateName, string[]> = {
  empty: [],
  fresh: ['received'],
  stale: ['received', 'refreshAt'],
  expired: ['received', 'expiresAt'],
  rejected: ['received', 'rejected'],
};

async function subjectIn(name: StateName) {
  const subject = createSubject();
  for (const event of PATHS[name]) await subject.events[event]?.();
  expect(subject.state.name()).toBe(name);
  return subject;
}

describe('createTokenState', () => {
  const names = Object.keys(PATHS) as StateName[];
  const cases = names.flatMap((name) =>
    Object.keys(createSubject().events).map((event) => ({ name, event })),
  );

  it.each(cases)('follows the transition table from $name on $event', async ({ name, event }) => {
    // The received token needs times of its own after the clock has advanced.
    if (event === 'received' && (name === 'stale' || name === 'expired')) return expectRefreshed(name);
    const { state, events } = await subjectIn(name);
    await events[event]?.();
    expect(state.name()).toBe(TRANSITIONS[name][event] ?? name);
  });

  async function expectRefreshed(name: StateName) {
    const { state, clock } = await subjectIn(name);
    const now = clock.now();
    state.receive({ accessToken: 'b', refreshAt: now + 1, expiresAt: now + 2 }, false);
    expect(state.name()).toBe(TRANSITIONS[name].received);
  }

  it.each(names)('offers a token only in the states fresh and stale: %s', async (name) => {
    const { state } = await subjectIn(name);
    expect(state.usable() !== undefined).toBe(name === 'fresh' || name === 'stale');
  });

  it('returns to fresh when the clock is set back', () => {
    let now = 0;
    const state = createTokenState({ ...createManualClock(), now: () => now });
    state.receive({ accessToken: 'a', refreshAt: 500, expiresAt: 1_000 }, false);
    now = 1_000;
    expect(state.name()).toBe('expired');
    now = 0;
    expect(state.name()).toBe('fresh');
  });

  it('keeps an accepted token after a refused replay, and rejects any other', async () => {
    const { state, clock } = await subjectIn('fresh');
    const token = { accessToken: 'c', refreshAt: clock.now() + 60_000, expiresAt: clock.now() + 90_000 };
    state.receive(token, false);
    state.accept(token);
    state.reject(token, { afterReplay: true });
    expect(state.name()).toBe('fresh');
    state.receive({ ...token }, false);
    state.reject(state.token(), { afterReplay: true });
    expect(state.name()).toBe('rejected');
  });

  describe('mayReject', () => {
    const request = { method: 'get', url: 'https://api.example.com/users/1' };

    /** Receives tokens, each refused by one endpoint and accepted by another one. */
    function refuse(count: number, fromStore = false) {
      const { state, clock } = createSubject();
      const next = () => {
        const times = { refreshAt: clock.now() + 600_000, expiresAt: clock.now() + 900_000 };
        const token = { accessToken: 'x', ...times };
        state.receive(token, fromStore);
        state.accept(token, { method: 'get', url: 'https://api.example.com/health' });
        return token;
      };
      for (let i = 0; i < count; i++) expect(state.mayReject(next(), request)).toBe(true);
      return { state, clock, token: next(), next };
    }

    it('permits three refusals of an endpoint in a minute', async () => {
      const { state, clock, token, next } = refuse(3);
      expect(state.mayReject(token, request)).toBe(false);
      expect(state.mayReject(token, { ...request, url: 'https://api.example.com/users/2?x=1' })).toBe(false);
      expect(state.mayReject(token, { ...request, method: 'post' })).toBe(true);
      expect(state.mayReject(token, { ...request, url: 'https://api.example.com/users' })).toBe(true);
      expect(state.mayReject(token, { ...request, url: 'https://other.example.com/users/1' })).toBe(true);
      await clock.advance(60_000);
      expect(state.mayReject(next(), request)).toBe(true);
    });

    it('permits refusals again after the endpoint has accepted a token', () => {
      const { state, token } = refuse(3);
      state.accept(token, request);
      expect(state.mayReject(token, request)).toBe(true);
    });

    it('does not count tokens that another process replaced', () => {
      const { state, token } = refuse(10, true);
      expect(state.mayReject(token, request)).toBe(true);
    });

    it('counts a token once, and does not count earlier tokens', () => {
      const { state, token } = refuse(2);
      for (let i = 0; i < 10; i++) expect(state.mayReject(token, request)).toBe(true);
      for (let i = 0; i < 10; i++) expect(state.mayReject({ ...token }, request)).toBe(true);
    });

    it('remembers the last 500 endpoints', () => {
      const { state, token } = refuse(3);
      expect(state.mayReject(token, request)).toBe(false);
      const name = (n: number) => String.fromCharCode(97 + (n % 26), 97 + Math.floor(n / 26));
      for (let n = 0; n < 500; n++) state.mayReject(token, { url: `https://api.example.com/${name(n)}` });
      expect(state.mayReject(token, request)).toBe(true);
    });
  });

  it('ignores the rejection of an earlier token with the same text', async () => {
    const { state } = await subjectIn('fresh');
    state.reject({ ...(state.token() as object) } as never);
    expect(state.name()).toBe('fresh');
  });
});
