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

  it('ignores rejections for five seconds after a refused replay, unless the API accepts the token', async () => {
    const { state, clock } = await subjectIn('fresh');
    const token = { accessToken: 'c', refreshAt: clock.now() + 60_000, expiresAt: clock.now() + 90_000 };
    state.receive(token, false);
    state.reject(token, { afterReplay: true });
    state.reject(token);
    expect(state.name()).toBe('fresh');
    await clock.advance(5_000);
    state.reject(token);
    expect(state.name()).toBe('rejected');
    state.receive(token, false);
    state.reject(token, { afterReplay: true });
    state.accept(token);
    state.reject(token);
    expect(state.name()).toBe('rejected');
  });

  it('ignores the rejection of an earlier token with the same text', async () => {
    const { state } = await subjectIn('fresh');
    state.reject({ ...(state.token() as object) } as never);
    expect(state.name()).toBe('fresh');
  });
});
