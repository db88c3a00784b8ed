import axios from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SharedTokenStore, StoredToken, TokenLock, TokenStore } from '../../src/core/token-store.ts';
import { type AuthRefreshEvent, createTokenManager, memoryStore, oauth2Vendor } from '../../src/index.ts';
import type { AuthRefreshOptions } from '../../src/plugin/attach-options.ts';
import { sharedStore } from '../../src/token/shared-store.ts';
import { storeKey } from '../../src/token/store-key.ts';
import { attachTo } from '../support/attach-to.ts';
import { CLIENT_SECRET, delay, type Fixture, startFixture } from '../support/fixture.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { sendJson, startServer } from '../support/server.ts';
import { storeWith } from '../support/store-with.ts';

const HOUR = 3_600_000;

/** Creates instances that share only a store, as processes do. */
function attachMany(fixture: Fixture, count: number, options: Partial<AuthRefreshOptions>) {
  return Array.from({ length: count }, () => fixture.attach(options));
}

const tokenOf = (accessToken: string, lifetime = HOUR) => {
  const expiresAt = Date.now() + lifetime;
  return { accessToken, expiresAt, refreshAt: expiresAt - 1000 };
};

const types = (events: readonly AuthRefreshEvent[]) => events.map(({ type }) => type);

describe('when a stored token names the base URL of an API', () => {
  it.each([
    [false, 'https://evil.example'],
    [false, 'http://127.0.0.1:1'],
    [true, 'https://api.example'],
  ])(
    'with announcesApi %s: uses %s only if the vendor announces its API',
    async (announcesApi, apiBaseUrl) => {
      const fixture = await startFixture();
      const store = memoryStore();
      const vendor = { ...fixture.vendor(), announcesApi };
      const key = await storeKey(vendor);
      await store.set(key, { token: { ...tokenOf('stored'), apiBaseUrl }, fence: 1 });
      const { tokens } = fixture.attach({ vendor, store });
      const token = await tokens.getToken();
      expect(token).toMatchObject({ accessToken: 'stored' });
      expect(token.apiBaseUrl).toBe(announcesApi ? apiBaseUrl : undefined);
    },
  );

  it('sends no token to another host that the store names', async () => {
    const fixture = await startFixture();
    const seen: unknown[] = [];
    const spy = await startServer(({ headers }, response) => {
      seen.push(headers.authorization);
      sendJson(response, 200, {});
    });
    onTestFinished(() => spy.close());
    const store = memoryStore();
    const token = { ...tokenOf('stored'), apiBaseUrl: spy.url };
    await store.set(await storeKey(fixture.vendor()), { token, fence: 1 });
    fixture.valid.add('stored');
    const { api } = fixture.attach({ store });
    await api.get('/data');
    await api.get(`${spy.url}/data`);
    expect(seen).toEqual([undefined]);
  });
});

describe('when several managers share a store', () => {
  it('fetches one token if the API rejects the token of all managers at the same time', async () => {
    const fixture = await startFixture();
    fixture.tokenDelay = 20;
    const instances = attachMany(fixture, 8, { store: memoryStore() });
    for (let round = 1; round <= 5; round++) {
      const responses = await Promise.all(
        instances.flatMap(({ api }) => Array.from({ length: 10 }, () => api.get('/data'))),
      );
      expect(responses.every(({ status }) => status === 200)).toBe(true);
      expect(fixture.tokenRequests).toHaveLength(round);
      fixture.revokeAll();
    }
  });

  it('stops waiting for the lock as soon as the token is stored', async () => {
    const fixture = await startFixture();
    const entered: TokenLock[] = [];
    const store = memoryStore();
    const counting = storeWith({
      ...store,
      withLock: (key, options, work) =>
        store.withLock(key, options, (lock) => {
          entered.push(lock);
          return work(lock);
        }),
    });
    fixture.tokenDelay = 20;
    const instances = attachMany(fixture, 8, { store: counting });
    await Promise.all(instances.map(({ api }) => api.get('/data')));
    expect(entered).toHaveLength(1);
    expect(instances.filter(({ events }) => types(events).includes('store-lock-acquired'))).toHaveLength(1);
  });

  it('replays again without counting against maxReplays if the API also rejects the token of the store', async () => {
    const fixture = await startFixture();
    const store = memoryStore();
    const [one, two] = attachMany(fixture, 2, { store, retry: false }) as [Attached, Attached];
    await Promise.all([one.api.get('/a'), two.api.get('/b')]);
    // The first manager has a new token, which is revoked before the second manager reads it.
    fixture.revokeAll();
    await one.api.get('/c');
    fixture.revokeAll();
    expect((await two.api.get('/d')).status).toBe(200);
    expect(two.events.filter(({ type }) => type === 'replay')).toMatchObject([{ count: 1 }, { count: 2 }]);
    expect(fixture.tokenRequests).toHaveLength(3);
  });

  it('limits the requests to an API that refuses every token', async () => {
    const fixture = await startFixture();
    const instances = attachMany(fixture, 4, { store: memoryStore(), retry: false });
    await Promise.all(instances.map(({ api }) => api.get('/data')));
    fixture.beforeApi = (_, response) => {
      sendJson(response, 401, {});
      return true;
    };
    const before = fixture.apiRequests.length;
    for (const { api } of instances) await expect(api.get('/data')).rejects.toMatchObject({ status: 401 });
    expect(fixture.apiRequests.length - before).toBeLessThanOrEqual(4 * 6);
    expect(fixture.tokenRequests.length).toBeLessThanOrEqual(1 + 4);
  });
});

type Attached = ReturnType<Fixture['attach']>;

describe('the fence', () => {
  it('determines which token is newer, not the expiry', async () => {
    const fixture = await startFixture();
    let current: StoredToken = { token: tokenOf('old', 2 * HOUR), fence: 5 };
    const { api } = fixture.attach({
      store: storeWith({
        get: async () => current,
        set: async (_, stored) => {
          current = { ...stored, fence: 9 };
          return true;
        },
        withLock: (_, __, work) => work({ fence: 9, signal: new AbortController().signal }),
      }),
    });
    await api.get('/refuses-old');
    expect(fixture.tokenRequests).toHaveLength(1);
    // This token differs and expires later, but was stored under an earlier lock.
    current = { token: tokenOf('another old one', 9 * HOUR), fence: 7 };
    fixture.revokeAll();
    await api.get('/data');
    expect(fixture.tokenRequests).toHaveLength(2);
    // This token expires earlier, but is newer.
    fixture.revokeAll();
    fixture.valid.add('newest');
    current = { token: tokenOf('newest', HOUR / 2), fence: 10 };
    await api.get('/data');
    expect(fixture.tokenRequests).toHaveLength(2);
  });

  it('makes the manager use the stored token if its own token is refused', async () => {
    const fixture = await startFixture();
    fixture.valid.add('theirs');
    let stored: StoredToken | undefined;
    const { api, events } = fixture.attach({
      store: storeWith({
        get: async () => stored,
        set: async () => {
          stored = { token: tokenOf('theirs'), fence: 2 };
          return false;
        },
      }),
    });
    await api.get('/data');
    expect(fixture.apiRequests.at(-1)?.headers.authorization).toBe('Bearer theirs');
    expect(types(events)).toEqual([
      'refresh-started',
      'store-lock-acquired',
      'store-write-refused',
      'refresh-succeeded',
    ]);
  });
});

describe('when a token fetch times out', () => {
  it('uses the token that another process has stored', async () => {
    const fixture = await startFixture();
    fixture.valid.add('theirs');
    let stored: StoredToken | undefined;
    fixture.onToken = () => {
      stored = { token: tokenOf('theirs'), fence: 2 };
    };
    const store = storeWith({ get: async () => stored });
    const { api, events } = fixture.attach({ store, retry: false, tokenTimeout: 50 });
    expect((await api.get('/data')).status).toBe(200);
    expect(fixture.apiRequests.at(-1)?.headers.authorization).toBe('Bearer theirs');
    expect(events.at(-1)).toMatchObject({ type: 'refresh-succeeded', fromStore: true });
  });

  it('rejects with ERR_TOKEN_TIMEOUT if no token is stored', async () => {
    const fixture = await startFixture();
    fixture.onToken = () => {};
    const { api } = fixture.attach({ store: memoryStore(), retry: false, tokenTimeout: 50 });
    await expect(api.get('/data')).rejects.toMatchObject({ code: 'ERR_TOKEN_TIMEOUT' });
    expect(fixture.tokenRequests).toHaveLength(1);
  });
});

describe('when the store fails', () => {
  it('fetches no second token if it acquires the lock after the timeout', async () => {
    const fixture = await startFixture();
    const clock = createManualClock();
    let grantLock = () => {};
    const late = storeWith({
      withLock: (_, __, work) =>
        new Promise((resolve, reject) => {
          grantLock = () => work({ fence: 1, signal: new AbortController().signal }).then(resolve, reject);
        }),
    });
    const { api, events } = fixture.attach({ clock, store: late });
    const request = api.get('/data');
    await expect.poll(() => clock.pending).toBe(1);
    await clock.advance(40_000);
    expect((await request).status).toBe(200);
    expect(events.find(({ type }) => type === 'store-failed')).toMatchObject({
      operation: 'lock',
      error: { message: expect.stringContaining('40000 ms') },
    });
    grantLock();
    await delay(5);
    expect(fixture.tokenRequests).toHaveLength(1);
  });

  it('does not wait for the release of the lock', async () => {
    const fixture = await startFixture();
    const store = memoryStore();
    const { api } = fixture.attach({
      store: storeWith({
        ...store,
        withLock: async (key, options, work) => {
          await store.withLock(key, options, work);
          return new Promise(() => {});
        },
      }),
    });
    expect((await api.get('/data')).status).toBe(200);
  });

  it('emits store-recovered and shares the token again after a failure', async () => {
    const fixture = await startFixture();
    const store = memoryStore();
    let down = true;
    const fragile = storeWith({
      ...store,
      get: async (key) => {
        if (down) throw new Error('connection refused');
        return store.get(key);
      },
    });
    const [one, two] = attachMany(fixture, 2, { store: fragile }) as [Attached, Attached];
    await Promise.all([one.api.get('/a'), two.api.get('/b')]);
    expect(fixture.tokenRequests).toHaveLength(2);
    down = false;
    fixture.revokeAll();
    await Promise.all([one.api.get('/a'), two.api.get('/b')]);
    expect(fixture.tokenRequests).toHaveLength(3);
    for (const { events } of [one, two]) expect(types(events)).toContain('store-recovered');
  });

  it('emits store-lock-lost and completes the request', async () => {
    const fixture = await startFixture();
    const lost = new AbortController();
    fixture.onToken = (_, response) => {
      lost.abort();
      fixture.issue(response);
    };
    const { api, events } = fixture.attach({
      store: storeWith({ withLock: (_, __, work) => work({ fence: 1, signal: lost.signal }) }),
    });
    expect((await api.get('/data')).status).toBe(200);
    expect(types(events)).toContain('store-lock-lost');
  });

  it.each(['get', 'withLock'] as const)(
    "fetches no token with onStoreFailure 'fail' if %s fails",
    async (call) => {
      const fixture = await startFixture();
      const broken: Partial<TokenStore> = {
        [call]: async () => {
          throw new Error('connection refused');
        },
      };
      const { api } = fixture.attach({ store: storeWith(broken), onStoreFailure: 'fail', retry: false });
      await expect(api.get('/data')).rejects.toMatchObject({
        name: 'AuthRefreshError',
        code: 'ERR_TOKEN_STORE',
        cause: { name: 'TokenStoreError', message: expect.stringContaining('connection refused') },
      });
      expect(fixture.tokenRequests).toHaveLength(0);
    },
  );

  it("uses a token with onStoreFailure 'fail' that could not be stored", async () => {
    const fixture = await startFixture();
    const store = storeWith({ set: () => Promise.reject(new Error('disk full')) });
    const { api } = fixture.attach({ store, onStoreFailure: 'fail' });
    expect((await api.get('/data')).status).toBe(200);
  });

  it("stores the token with onStoreFailure 'fail' as soon as the store works again, so that no refresh token is used twice", async () => {
    const fixture = await startFixture();
    const used: (string | null)[] = [];
    fixture.onToken = (request, response) => {
      const token = new URLSearchParams(request.body.toString()).get('refresh_token');
      const isReplay = used.includes(token);
      used.push(token);
      if (isReplay) return sendJson(response, 400, { error: 'invalid_grant' });
      const access = `access-${used.length}`;
      fixture.valid.add(access);
      sendJson(response, 200, {
        access_token: access,
        expires_in: 3600,
        refresh_token: `refresh-${used.length}`,
      });
    };
    const store = memoryStore();
    let down = false;
    const fragile = storeWith({
      ...store,
      get: async (key) => (down ? Promise.reject(new Error('gone')) : store.get(key)),
      set: async (key, stored) => (down ? Promise.reject(new Error('gone')) : store.set(key, stored)),
    });
    const vendor = oauth2Vendor({
      tokenEndpoint: `${fixture.url}/oauth/token`,
      clientId: 'client',
      refreshToken: 'refresh-0',
      tokenKey: 'custom',
    });
    const strict = { store: fragile, vendor, onStoreFailure: 'fail', retry: false } as const;
    const [one, two] = attachMany(fixture, 2, strict) as [Attached, Attached];
    await one.api.get('/a');
    await two.api.get('/b');
    fixture.revokeAll();
    const { onToken } = fixture;
    fixture.onToken = (request, response) => {
      down = true;
      return onToken(request, response);
    };
    expect((await one.api.get('/c')).status).toBe(200);
    expect(types(one.events)).toContain('store-failed');
    fixture.onToken = onToken;
    down = false;
    fixture.revokeAll();
    // The second manager waits for the lock, which the first manager holds until its token is stored.
    expect((await two.api.get('/d')).status).toBe(200);
    fixture.revokeAll();
    await Promise.all([one.api.get('/e'), two.api.get('/f')]);
    expect(used).toEqual(['refresh-0', 'refresh-1', 'refresh-2', 'refresh-3']);
    // The manager that holds the lock does not wait for its own lock.
    fixture.onToken = (request, response) => {
      down = true;
      return onToken(request, response);
    };
    fixture.revokeAll();
    await one.api.get('/g');
    down = false;
    fixture.onToken = onToken;
    fixture.revokeAll();
    expect((await one.api.get('/h')).status).toBe(200);
    expect(used.slice(4)).toEqual(['refresh-4', 'refresh-5']);
  });

  it('passes only the options about sharing to the store', async () => {
    const fixture = await startFixture();
    const store = memoryStore();
    const received: string[] = [];
    const share: SharedTokenStore['share'] = (options) => {
      received.push(...Object.keys(options));
      return store.share(options);
    };
    createTokenManager({
      vendor: fixture.vendor(),
      store: { ...store, share },
      tokenClient: axios.create(),
      onEvent: () => {},
    });
    expect(received.sort()).toEqual(['clock', 'emit', 'onStoreFailure', 'tokenTimeout', 'vendor']);
  });

  it('rejects a store without `share`, a vendor without tokenKey and an unknown onStoreFailure', async () => {
    const fixture = await startFixture();
    const vendor = fixture.vendor();
    const old = { get: async () => undefined, set: async () => true } as unknown as TokenStore;
    expect(() => sharedStore(old)).toThrow(/the store lacks withLock, close/);
    const bare = old as SharedTokenStore;
    expect(() => createTokenManager({ vendor, store: bare })).toThrow(/sharedStore\(store\)/);
    // Values such as functions have the same JSON, so that one tenant would receive the token of another.
    for (const tokenKey of [undefined, '', null, 1, {}, () => 'custom'] as string[]) {
      const options = { vendor: { ...vendor, tokenKey }, store: memoryStore() };
      expect(() => createTokenManager(options)).toThrow(/store requires a vendor with a tokenKey/);
    }
    expect(() => createTokenManager({ vendor, onStoreFailure: 'panic' as 'fail' })).toThrow(
      /onStoreFailure must/,
    );
  });
});

describe('storeKey', () => {
  const client = {
    tokenEndpoint: 'https://a.example/token',
    clientId: 'client',
    clientSecret: CLIENT_SECRET,
  };
  const key = (more: object) => storeKey(oauth2Vendor({ ...client, ...more }));

  it('changes with everything that changes the token', async () => {
    const keys = await Promise.all([
      key({}),
      key({ tokenEndpoint: 'https://b.example/token' }),
      key({ clientId: 'other' }),
      key({ scope: 'a' }),
      key({ scope: 'a b' }),
      key({ username: 'ada', password: 'x' }),
      key({ username: 'bob', password: 'x' }),
      key({ tokenKey: 'custom' }),
      storeKey({ ...oauth2Vendor(client), name: 'Another vendor' }),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
    for (const each of keys) expect(each).toMatch(/^[\w-]{43}$/);
  });

  it('does not change with a secret', async () => {
    expect(await key({ clientSecret: 'another one' })).toBe(await key({}));
    expect(await key({ username: 'ada', password: 'x' })).toBe(await key({ username: 'ada', password: 'y' }));
  });

  it('keeps tokens of different scopes apart', async () => {
    const fixture = await startFixture();
    const store = memoryStore();
    const vendorOf = (scope: string) =>
      oauth2Vendor({ ...client, tokenEndpoint: `${fixture.url}/oauth/token`, scope });
    for (const scope of ['read', 'write', 'read']) {
      const api = axios.create({ baseURL: fixture.url, proxy: false });
      const { detach } = attachTo(api, fixture, { store, vendor: vendorOf(scope) });
      onTestFinished(detach);
      await api.get('/data');
    }
    const scopes = fixture.tokenRequests.map(({ body }) => new URLSearchParams(body.toString()).get('scope'));
    expect(scopes).toEqual(['read', 'write']);
  });
});
