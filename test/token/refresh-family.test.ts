import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Mutex } from 'async-mutex';
import axios from 'axios';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SharedTokenStore, StoredToken, TokenStore } from '../../src/core/token-store.ts';
import { type AuthRefreshEvent, attachAuthRefresh, memoryStore, oauth2Vendor } from '../../src/index.ts';
import { fileStore } from '../../src/stores/file/index.ts';
import { redisStore } from '../../src/stores/redis/index.ts';
import { sharedStore } from '../../src/token/shared-store.ts';
import { createTokenManager } from '../../src/token/token-manager.ts';
import type { OAuth2VendorOptions } from '../../src/vendors/oauth2.ts';
import { startFixture } from '../support/fixture.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';
import { type RotatingServer, startRotatingServer } from '../support/rotating-server.ts';

/** A store of a user, with a counter of fences for each key. It keeps only the documented members of a token. */
function ownStore(): TokenStore {
  const entries = new Map<string, { stored?: string; fence: number; mutex: Mutex }>();
  const of = (key: string) => {
    const entry = entries.get(key) ?? { fence: 0, mutex: new Mutex() };
    entries.set(key, entry);
    return entry;
  };
  const read = (key: string): StoredToken | undefined => {
    const { stored } = of(key);
    return stored === undefined ? undefined : JSON.parse(stored);
  };
  return {
    get: async (key) => read(key),
    async set(key, { token, fence }) {
      if ((read(key)?.fence ?? 0) >= fence) return false;
      const { accessToken, refreshToken, scope, apiBaseUrl, refreshAt, expiresAt } = token;
      of(key).stored = JSON.stringify({
        token: { accessToken, refreshToken, scope, apiBaseUrl, refreshAt, expiresAt },
        fence,
      });
      return true;
    },
    withLock: (key, options, work) =>
      of(key).mutex.runExclusive(async () => {
        options.signal.throwIfAborted();
        const stored = read(key);
        const stopped = stored && options.stopWaitingWith(stored);
        if (stopped !== undefined) return stopped;
        return work({ fence: ++of(key).fence, signal: new AbortController().signal });
      }),
    close: async () => {},
  };
}

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'family-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return join(path, 'tokens');
}

function attach(server: RotatingServer, store: SharedTokenStore, options: Partial<OAuth2VendorOptions>) {
  const api = axios.create({ baseURL: server.url, proxy: false, validateStatus: () => true });
  const events: AuthRefreshEvent[] = [];
  const { tokens, detach } = attachAuthRefresh(api, {
    vendor: server.vendor(options),
    store,
    retry: false,
    onStoreFailure: 'fail',
    onEvent: (event) => events.push(event),
  });
  onTestFinished(detach);
  return { api, tokens, events };
}

const SCOPES = ['read', 'write'] as const;

/** How the managers of one scope or audience of a user are configured. */
type Configure = (scope: string, user: number) => Partial<OAuth2VendorOptions>;

const CONFIGURATIONS: [string, Configure][] = [
  ['scopes', (scope) => ({ scope })],
  ['scopes with a tokenKey each', (scope, user) => ({ scope, tokenKey: `${scope} ${user}` })],
  ['audiences', (audience) => ({ parameters: { audience } })],
  [
    'audiences with a tokenKey each',
    (audience, user) => ({ parameters: { audience }, tokenKey: `${audience} ${user}` }),
  ],
];

/** What happens in one round: revocations, and the managers that send requests at the same time. */
const rounds = fc.array(
  fc.record({
    revoke: fc.constantFrom('read', 'write', undefined),
    senders: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 6 }),
  }),
  { minLength: 1, maxLength: 12 },
);

/** Runs random rounds with three managers for each scope. @param stores returns a store, as another process would open it. */
async function runRounds(configure: Configure, stores: () => SharedTokenStore, numRuns: number) {
  const server = await startRotatingServer();
  let user = 0;
  await fc.assert(
    fc.asyncProperty(rounds, async (plan) => {
      const refreshToken = server.authorize();
      server.used.length = 0;
      user++;
      const managers = [0, 1, 2, 3, 4, 5].map((n) => {
        const scope = SCOPES[n % 2] as string;
        return { scope, ...attach(server, stores(), { ...configure(scope, user), refreshToken }) };
      });
      for (const { revoke, senders } of plan) {
        server.revokeAccess(revoke);
        const answers = await Promise.all(
          senders.map((n) => {
            const { api, scope } = managers[n] as (typeof managers)[number];
            return api.get(`/${scope}`);
          }),
        );
        expect(answers.map(({ status }) => status)).toEqual(senders.map(() => 200));
      }
      expect(server.revokedGrants.size).toBe(0);
      expect(new Set(server.used).size).toBe(server.used.length);
    }),
    { numRuns },
  );
}

describe('managers with the same initial refresh token', () => {
  describe.each(CONFIGURATIONS)('and different %s', (_, configure) => {
    it.each<[string, () => SharedTokenStore, number]>([
      ['memoryStore', memoryStore, 25],
      ['a store of the user', () => sharedStore(ownStore()), 25],
    ])('use each refresh token once in any order of revocations with %s', async (__, open, runs) => {
      const store = open();
      await runRounds(configure, () => store, runs);
    });

    it('use each refresh token once in any order of revocations with fileStore', async () => {
      const path = await directory();
      await runRounds(configure, () => fileStore({ directory: path }), 3);
    });
  });

  describeWithRedis('in Redis', () => {
    const redis = useRedis();
    it.each(CONFIGURATIONS)(
      'use each refresh token once in any order of revocations with different %s',
      async (_, configure) => {
        const { url, prefix } = redis;
        const open: SharedTokenStore[] = [];
        await runRounds(
          configure,
          () => {
            const store = redisStore({ url, prefix });
            open.push(store);
            return store;
          },
          5,
        );
        await Promise.all(open.map((store) => store.close()));
      },
    );
  });

  it('are no family if their client, token endpoint or initial refresh token differs', async () => {
    const server = await startRotatingServer();
    const [one, two] = [server.authorize(), server.authorize()];
    const store = memoryStore();
    const variants: Partial<OAuth2VendorOptions>[] = [
      { refreshToken: one },
      { refreshToken: two },
      { refreshToken: one, clientId: 'other' },
      { refreshToken: one, tokenEndpoint: `${server.url}/token?tenant=2` },
    ];
    const keys = new Set<string>();
    const counting = sharedStore({ ...store, set: (key, stored) => keys.add(key) && store.set(key, stored) });
    for (const options of variants) {
      await attach(server, counting, { ...options, scope: 'read' })
        .api.get('/read')
        .catch(() => {});
    }
    expect(server.used.slice(0, 3)).toEqual([one, two, one]);
    for (const key of keys) expect(key).toMatch(/^[\w-]{43}$/);
  });

  it('keep the refresh token out of the vendor and of the keys of the store', async () => {
    const refreshToken = 'refresh-very-secret';
    const vendor = oauth2Vendor({ tokenEndpoint: 'https://as.example/token', clientId: 'id', refreshToken });
    expect(inspect(vendor, { depth: 10 }) + JSON.stringify(vendor)).not.toContain('secret');
  });

  it('send the initial refresh token if it is the only one, and then the stored one, with a function as refreshToken and a tokenKey', async () => {
    const server = await startRotatingServer();
    const initial = server.authorize();
    const store = memoryStore();
    const of = (scope: string) =>
      attach(server, store, { refreshToken: () => initial, scope, tokenKey: scope });
    for (const scope of ['read', 'write', 'read', 'write']) {
      expect((await of(scope).api.get(`/${scope}`)).status).toBe(200);
      server.revokeAccess();
      expect((await of(scope).api.get(`/${scope}`)).status).toBe(200);
    }
    expect(server.revokedGrants.size).toBe(0);
  });

  it('continue from the refresh token that an earlier version stored, and from each that it stores later', async () => {
    const server = await startRotatingServer();
    const refreshToken = server.authorize();
    const store = memoryStore();
    // An earlier version looks into the store, locks, fetches and publishes under the key of the access token alone.
    const older = (scope: string) => {
      const { storeKeys, ...vendor } = server.vendor({ refreshToken, scope, tokenKey: 'user' });
      const tokens = createTokenManager({ vendor, store, onStoreFailure: 'fail' });
      const api = axios.create({ baseURL: server.url, proxy: false });
      onTestFinished(attachAuthRefresh(api, { tokens, retry: false }).detach);
      return api;
    };
    const old = older('read');
    const { api } = attach(server, store, { refreshToken, scope: 'read', tokenKey: 'user' });
    const order = [old, old, api, api, old, old, api, old, api];
    for (const each of order) {
      expect((await each.get('/read')).status).toBe(200);
      server.revokeAccess();
    }
    await Promise.all([old.get('/read'), api.get('/read')]);
    expect(server.revokedGrants.size).toBe(0);
  });
});

describe('a refresh token that was sent without a stored answer', () => {
  /** Returns a store whose `set` of the answer hangs, as if the process had died. */
  function dying(store: SharedTokenStore) {
    let isDead = false;
    const dead = new Promise<never>(() => {});
    return {
      die: () => {
        isDead = true;
      },
      store: sharedStore({
        ...store,
        set: (key, stored) => (isDead ? dead : store.set(key, stored)),
        // The lock of a dead process is free.
        withLock: (key, options, work) =>
          store.withLock(key, options, (lock) => {
            const ended = new Promise<never>((_, reject) => {
              const timer = setInterval(() => isDead && reject(new Error('killed')), 5);
              timer.unref();
              onTestFinished(() => clearInterval(timer));
            });
            return Promise.race([work(lock), ended]);
          }),
      }),
    };
  }

  /** Makes a manager send its refresh token and die before it stores the answer. @returns the refresh token. */
  async function interrupt(
    server: RotatingServer,
    store: SharedTokenStore,
    options: Partial<OAuth2VendorOptions>,
  ) {
    const mortal = dying(store);
    const { api } = attach(server, mortal.store, options);
    const sent = new Promise<void>((resolve) => {
      server.beforeAnswer = () => {
        mortal.die();
        resolve();
        return new Promise((answer) => setTimeout(answer, 50));
      };
    });
    api.get('/read').catch(() => {});
    await sent;
    server.beforeAnswer = undefined;
    return server.used.at(-1) as string;
  }

  it.each([
    ['the initial one', 0],
    ['a stored one', 2],
  ])('is sent once more, and the error says that the rotation was interrupted: %s', async (_, rotations) => {
    const server = await startRotatingServer();
    const refreshToken = server.authorize();
    const store = memoryStore();
    const options = { refreshToken, scope: 'read' };
    const first = attach(server, store, options);
    for (let n = 0; n < rotations; n++) {
      await first.api.get('/read');
      server.revokeAccess();
    }
    const lost = await interrupt(server, store, options);
    const before = server.used.length;
    // The lock of the dead manager becomes free.
    await new Promise((resolve) => setTimeout(resolve, 60));
    const next = attach(server, store, options);
    await expect(next.api.get('/read')).rejects.toMatchObject({
      code: 'ERR_TOKEN_ENDPOINT',
      message: expect.stringContaining('The rotation of the refresh token was interrupted'),
    });
    expect(server.used.slice(before).filter((token) => token === lost)).toHaveLength(1);
  });

  it('is accepted by a server with a grace period, and the next refresh sends its successor', async () => {
    const server = await startRotatingServer();
    server.grace = 1;
    const options = { refreshToken: server.authorize(), scope: 'read' };
    const store = memoryStore();
    const lost = await interrupt(server, store, options);
    const next = attach(server, store, options);
    expect((await next.api.get('/read')).status).toBe(200);
    server.revokeAccess();
    expect((await next.api.get('/read')).status).toBe(200);
    expect(server.used.filter((token) => token === lost)).toHaveLength(2);
    expect(server.revokedGrants.size).toBe(0);
  });

  it('is not reported as interrupted if the server has refused the refresh token before', async () => {
    const server = await startRotatingServer();
    const options = { refreshToken: 'unknown', scope: 'read' };
    const store = memoryStore();
    for (let n = 0; n < 3; n++) {
      const error = await attach(server, store, options)
        .api.get('/read')
        .catch((reason) => reason);
      expect(error.message).toContain('invalid_grant');
      expect(error.message).not.toContain('interrupted');
    }
  });

  it('costs one more write for each refresh of a family, and none for client credentials', async () => {
    const server = await startRotatingServer();
    const writes: string[] = [];
    const store = memoryStore();
    const counting = sharedStore({
      ...store,
      set: (key, stored) => {
        writes.push(key);
        return store.set(key, stored);
      },
    });
    await attach(server, counting, { refreshToken: server.authorize(), scope: 'read' }).api.get('/read');
    expect(new Set(writes).size).toBe(3);
    expect(writes).toHaveLength(3);
    const fixture = await startFixture();
    writes.length = 0;
    await fixture.attach({ store: counting }).api.get('/data');
    expect(writes).toHaveLength(1);
  });
});
