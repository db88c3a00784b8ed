import { describe, expect, it } from 'vitest';
import { memoryStore, type TokenSet } from '../../src/index.ts';
import { startFixture } from '../support/fixture.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { sendJson } from '../support/server.ts';
import { createShiftedClock } from '../support/shifted-clock.ts';

describe('onToken', () => {
  it('receives each fetched token before a waiting request goes on', async () => {
    const fixture = await startFixture();
    const steps: string[] = [];
    fixture.onApi = (_, response) => {
      steps.push('request');
      sendJson(response, 200, {});
    };
    const { api } = fixture.attach({
      async onToken({ accessToken }) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        steps.push(accessToken);
      },
    });
    await Promise.all([api.get('/a'), api.get('/b')]);
    fixture.revokeAll();
    await api.get('/c');
    expect(steps).toEqual([fixture.issued[0], 'request', 'request', fixture.issued[1], 'request']);
  });

  it('receives the same token again after it failed, without another token request', async () => {
    const fixture = await startFixture();
    const received: string[] = [];
    let isBroken = true;
    const { api, events } = fixture.attach({
      onToken({ accessToken }) {
        received.push(accessToken);
        if (isBroken) throw new Error('database down');
      },
    });
    await expect(api.get('/a')).rejects.toMatchObject({
      code: 'ERR_CALLBACK',
      message: 'No valid token: onToken failed: database down',
    });
    isBroken = false;
    expect((await api.get('/b')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(received).toEqual([fixture.issued[0], fixture.issued[0]]);
    expect(events.filter(({ type }) => type === 'refresh-failed')).toHaveLength(1);
  });

  it('receives a token that has expired since it failed, before another token is fetched', async () => {
    const fixture = await startFixture();
    const clock = createShiftedClock();
    const received: string[] = [];
    const { api } = fixture.attach({
      clock,
      onToken({ accessToken }) {
        received.push(accessToken);
        if (received.length === 1) throw new Error('database down');
      },
    });
    await expect(api.get('/a')).rejects.toMatchObject({ code: 'ERR_CALLBACK' });
    clock.shift(2 * 3_600_000);
    expect((await api.get('/b')).status).toBe(200);
    expect(received).toEqual([fixture.issued[0], ...fixture.issued]);
    expect(fixture.issued).toHaveLength(2);
  });

  it('fails without the tokens that its error quotes', async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({
      onToken({ accessToken }) {
        throw new Error(`duplicate key: VALUES ('${accessToken}')`);
      },
    });
    await expect(api.get('/a')).rejects.toMatchObject({
      message: "No valid token: onToken failed: duplicate key: VALUES ('[redacted]')",
    });
  });

  it('fails the refresh if it takes longer than tokenTimeout', async () => {
    const fixture = await startFixture();
    const clock = createManualClock();
    const { tokens } = fixture.attach({ clock, tokenTimeout: 5000, onToken: () => new Promise(() => {}) });
    const result = Promise.resolve(tokens.getToken()).catch((error) => error);
    await expect.poll(() => fixture.issued.length).toBe(1);
    await expect.poll(() => clock.pending).toBe(1);
    await clock.advance(20_000);
    expect(await result).toMatchObject({
      code: 'ERR_CALLBACK',
      message: 'onToken failed: no result after 5000 ms',
    });
  });

  it('receives no token that another process has fetched, and other processes do not wait for it', async () => {
    const fixture = await startFixture();
    const store = memoryStore();
    const received: TokenSet[] = [];
    const slow = fixture.attach({ store, onToken: () => new Promise(() => {}) });
    slow.api.get('/a').catch(() => {});
    await expect.poll(() => fixture.issued.length).toBe(1);
    const other = fixture.attach({ store, onToken: (token) => void received.push(token) });
    expect((await other.api.get('/b')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(1);
    expect(received).toEqual([]);
  });
});

describe('tokens.refresh()', () => {
  it('fetches a token although the current one is fresh, and joins the running refresh', async () => {
    const fixture = await startFixture();
    const { tokens, events } = fixture.attach();
    await tokens.getToken();
    const [one, two] = await Promise.all([tokens.refresh(), tokens.refresh()]);
    expect(one).toBe(two);
    expect(tokens.current).toBe(one);
    expect(fixture.issued).toHaveLength(2);
    expect(events.filter(({ type }) => type === 'refresh-started')).toEqual([
      { type: 'refresh-started', reason: 'empty', background: false },
      { type: 'refresh-started', reason: 'requested', background: true },
    ]);
  });

  it('leaves the current token in use meanwhile, and after a failure, which it repeats', async () => {
    const fixture = await startFixture();
    const { tokens, api } = fixture.attach();
    const current = await tokens.getToken();
    fixture.onToken = (_, response) => sendJson(response, 400, { error: 'invalid_client' });
    const failed = tokens.refresh();
    expect(tokens.getToken()).toBe(current);
    await expect(failed).rejects.toMatchObject({ error: 'invalid_client' });
    await expect(tokens.refresh()).rejects.toMatchObject({ error: 'invalid_client' });
    expect((await api.get('/a')).status).toBe(200);
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('retries the token request although a token is usable', async () => {
    const fixture = await startFixture();
    const { tokens } = fixture.attach({ tokenRetryDelay: 1 });
    await tokens.getToken();
    fixture.onToken = (_, response) =>
      fixture.tokenRequests.length < 4 ? sendJson(response, 503, {}) : fixture.issue(response);
    await tokens.refresh();
    expect(fixture.tokenRequests).toHaveLength(4);
  });

  it('fetches a token if the store holds one from before', async () => {
    const fixture = await startFixture();
    const store = memoryStore();
    const [one, two] = [fixture.attach({ store }), fixture.attach({ store })];
    await one.tokens.getToken();
    expect((await two.tokens.refresh()).accessToken).toBe(fixture.issued[1]);
    // The first manager does not know the second token yet: it counts as new.
    expect((await one.tokens.refresh()).accessToken).toBe(fixture.issued[1]);
    expect((await one.tokens.refresh()).accessToken).toBe(fixture.issued[2]);
  });
});
