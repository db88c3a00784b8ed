import axios, { type AxiosInstance } from 'axios';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../src/core/errors.ts';
import { attachAuthRefresh } from '../../src/plugin/attach.ts';
import type { AuthRefreshOptions } from '../../src/plugin/attach-options.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { createTokenManager } from '../../src/token/token-manager.ts';
import type { TokenManagerOptions } from '../../src/token/token-manager-options.ts';
import { oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { startFixture } from '../support/fixture.ts';

const vendor = oauth2Vendor({
  tokenEndpoint: 'https://login.example.com/token',
  clientId: 'c',
  clientSecret: 's',
});

/** Returns the problems of the ConfigurationError that `configure` throws. */
function problemsOf(configure: () => unknown): readonly string[] {
  let thrown: unknown;
  try {
    configure();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ConfigurationError);
  const { problems, name, message } = thrown as ConfigurationError;
  expect(name).toBe('ConfigurationError');
  for (const problem of problems) expect(message).toContain(problem);
  return problems;
}

const attach = (options: unknown, instance: unknown = axios.create()) =>
  attachAuthRefresh(instance as AxiosInstance, options as AuthRefreshOptions);

// The string stands for the value of an environment variable.
const BAD_NUMBERS = [-1, Number.NaN, Number.NEGATIVE_INFINITY, '5000'];

describe('attachAuthRefresh', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an object', {}],
    ['a function', () => {}],
    ['text', 'axios'],
    ['a config', { baseURL: 'https://api.example.com' }],
  ])(
    '%s in place of an instance: reports that the first argument must be an axios instance',
    (_, instance) => {
      expect(problemsOf(() => attachAuthRefresh(instance as never, { vendor }))).toEqual([
        expect.stringMatching(/^the first argument .*axios instance$/),
      ]);
    },
  );

  it.each([
    ['empty options', {}],
    ['vendor undefined', { vendor: undefined }],
  ])('%s: reports the missing vendor', (_, options) => {
    expect(problemsOf(() => attach(options))).toEqual([expect.stringMatching(/^vendor /)]);
  });

  it.each([
    ['text', 'genesys'],
    ['an empty object', {}],
    ['the factory itself', oauth2Vendor],
  ])('%s in place of a vendor: reports an invalid vendor', (_, bad) => {
    expect(problemsOf(() => attach({ vendor: bad }))).toEqual([expect.stringMatching(/^vendor must be/)]);
  });

  it.each(['resourceOrigins', 'allowInsecureOrigins', 'statusCodes'])(
    'reports %s that is not an array',
    (name) => {
      for (const bad of [401, 'https://reports.example.com', {}, null, new Set([401])]) {
        expect(problemsOf(() => attach({ vendor, [name]: bad }))).toEqual([`${name} must be an array`]);
      }
    },
  );

  it.each([5, true, null, '3'])('reports retry %j', (bad) => {
    expect(problemsOf(() => attach({ vendor, retry: bad }))).toEqual(['retry must be an object or false']);
  });

  it.each(['', 'a b', 'a:'])('reports idempotencyKeyHeader %j', (bad) => {
    expect(problemsOf(() => attach({ vendor, idempotencyKeyHeader: bad }))).toEqual([
      'idempotencyKeyHeader must be a field name',
    ]);
  });

  it('reports rate null', () => {
    expect(problemsOf(() => attach({ vendor, rate: null }))).toEqual([
      'rate.requests must be a number above 0',
    ]);
  });

  it('reports resourceOrigins of a vendor that is not an array', () => {
    const options = { tokenEndpoint: 'https://login.example.com/token', clientId: 'c', clientSecret: 's' };
    const bad = { ...options, resourceOrigins: 'https://reports.example.com' };
    expect(problemsOf(() => oauth2Vendor(bad as never))).toEqual(['resourceOrigins must be an array']);
  });

  it('reports a name of the header field that is not a string', () => {
    const bad = { name: 5 };
    expect(problemsOf(() => attach({ vendor, authorizationHeader: bad }))).toEqual([
      'authorizationHeader.name must be a string',
    ]);
  });

  it.each(BAD_NUMBERS)(
    '%s in place of the numbers of the token manager: reports every option in one error',
    (bad) => {
      const numbers = ['refreshBuffer', 'defaultLifetime', 'tokenTimeout', 'tokenRetries', 'tokenRetryDelay'];
      const options = { vendor, ...Object.fromEntries(numbers.map((name) => [name, bad])) };
      const expected = numbers.map((name) => `${name} must be a number >= 0`);
      expect(problemsOf(() => attach(options))).toEqual(expected);
      expect(problemsOf(() => createTokenManager(options as unknown as TokenManagerOptions))).toEqual(
        expected,
      );
    },
  );

  it.each(BAD_NUMBERS)(
    '%s in place of the numbers of the plugin: reports every option in one error',
    (bad) => {
      const retry = { retries: bad, baseDelay: bad, maxRetryAfter: bad };
      expect(problemsOf(() => attach({ vendor, maxReplays: bad, retry }))).toEqual(
        ['maxReplays', 'retry.retries', 'retry.baseDelay', 'retry.maxRetryAfter'].map(
          (name) => `${name} must be a number >= 0`,
        ),
      );
    },
  );

  it('accepts zero for every number', () => {
    const zeros = {
      refreshBuffer: 0,
      defaultLifetime: 0,
      tokenRetries: 0,
      tokenRetryDelay: 0,
      maxReplays: 0,
    };
    attach({ vendor, ...zeros, retry: { retries: 0, baseDelay: 0, maxRetryAfter: 0 } }).detach();
  });

  it.each([
    ['http to a foreign host', 'http://api.example.com', /"http:\/\/api\.example\.com" is not https/],
    ['a host name that starts with a loopback address', 'http://127.0.0.1.example.com', /is not https/],
    ['a host name that starts with localhost', 'http://localhost.example.com', /is not https/],
    ['a URL without scheme', 'api.example.com', /is not a URL/],
    ['another scheme', 'ftp://api.example.com', /is not https/],
    ['credentials', 'https://user:pass@api.example.com', /holds credentials/],
    ['a number', 5, /"5" is not a URL/],
    ['null', null, /"null" is not a URL/],
  ])('%s in resourceOrigins: reports an invalid origin', (_, origin, pattern) => {
    expect(problemsOf(() => attach({ vendor, resourceOrigins: [origin] }))).toEqual([
      expect.stringMatching(pattern),
    ]);
    const bad = { ...vendor, resourceOrigins: [origin as string] };
    expect(problemsOf(() => attach({ vendor: bad }))).toEqual([expect.stringMatching(pattern)]);
    expect(problemsOf(() => createTokenManager({ vendor: bad }))).toEqual([
      expect.stringMatching(/^vendor\.resourceOrigins: /),
    ]);
  });

  it.each(['https://api.example.com', 'http://localhost:3000', 'http://127.0.0.1', 'http://[::1]:8080'])(
    'accepts %s in resourceOrigins',
    (origin) => attach({ vendor, resourceOrigins: [origin] }).detach(),
  );

  it('reports every option of the token manager that is set beside tokens', () => {
    const tokens = createTokenManager({ vendor });
    const options = {
      tokens,
      vendor,
      refreshBuffer: 1,
      defaultLifetime: 1,
      tokenTimeout: 1,
      tokenRetries: 1,
      tokenRetryDelay: 1,
      tokenClient: axios.create(),
      store: memoryStore(),
      clock: tokens.clock,
    };
    expect(problemsOf(() => attach(options))).toEqual(
      Object.keys(options)
        .filter((name) => name !== 'tokens')
        .map((name) => `pass ${name} to createTokenManager`),
    );
  });

  describe('when the defaults of the instance contain credentials', () => {
    const create = {
      'defaults.headers.common': () => {
        const instance = axios.create();
        instance.defaults.headers.common.Authorization = 'Bearer old';
        return instance;
      },
      'axios.create({ headers })': () => axios.create({ headers: { Authorization: 'Bearer old' } }),
      'axios.create({ headers }) in lower case': () =>
        axios.create({ headers: { authorization: 'Bearer old' } }),
      'defaults.headers.common in lower case': () => {
        const instance = axios.create();
        instance.defaults.headers.common.authorization = 'Bearer old';
        return instance;
      },
      'defaults.headers.get': () => {
        const instance = axios.create();
        instance.defaults.headers.get.Authorization = 'Bearer old';
        return instance;
      },
    };

    it.each(Object.entries(create))('reports Authorization in %s', (_, make) => {
      expect(problemsOf(() => attach({ vendor }, make()))).toEqual([
        expect.stringMatching(/Authorization and auth from the defaults/),
      ]);
    });

    it('reports `auth`', () => {
      const instance = axios.create({ auth: { username: 'u', password: 'p' } });
      expect(problemsOf(() => attach({ vendor }, instance))).toHaveLength(1);
    });
  });

  it('accepts default headers of any type', () => {
    const instance = axios.create();
    Object.assign(instance.defaults.headers.common, { 'X-Tenant': 10n });
    attach({ vendor }, instance).detach();
  });

  it('does not accept transportFrom, because the plugin sets it', () => {
    // @ts-expect-error
    const options: AuthRefreshOptions = { vendor, transportFrom: axios.create() };
    expect(problemsOf(() => attach(options))).toEqual(['unknown option transportFrom']);
  });

  it('reports problems of the instance and of the options in one error', () => {
    const instance = axios.create();
    instance.defaults.headers.common.Authorization = 'Bearer old';
    const problems = problemsOf(() =>
      attach(
        { maxReplays: -1, retry: { retries: -1 }, resourceOrigins: ['http://a.example', 'b'] },
        instance,
      ),
    );
    expect(problems).toHaveLength(6);
    for (const [i, part] of [
      'Authorization',
      'vendor',
      'http://a.example',
      'b',
      'maxReplays',
      'retries',
    ].entries()) {
      expect(problems[i]).toContain(part);
    }
  });

  it('reports problems of the plugin and of the token manager in one error', () => {
    const problems = problemsOf(() =>
      attach({ vendor, maxReplays: -1, refreshBuffer: -1, tokenTimeout: Number.NaN, retry: { retries: -1 } }),
    );
    for (const name of ['maxReplays', 'refreshBuffer', 'tokenTimeout', 'retries']) {
      expect(problems.join('\n')).toContain(name);
    }
  });

  it('leaves the instance unchanged after an error', async () => {
    const fixture = await startFixture();
    const api = axios.create({ baseURL: fixture.url, proxy: false });
    problemsOf(() => attach({ vendor, tokenTimeout: -1 }, api));
    await expect(api.get('/data')).rejects.toMatchObject({ status: 401 });
    expect(fixture.apiRequests[0]?.headers.authorization).toBeUndefined();
    attachAuthRefresh(api, { vendor: fixture.vendor() });
    expect((await api.get('/data')).status).toBe(200);
  });
});

describe('createTokenManager', () => {
  class Options {
    tokenRetries = 0;
    get vendor() {
      return { name: 'test', resourceOrigins: [], grant: async () => ({ accessToken: 'a' }) };
    }
    get tokenTimeout() {
      return this.timeout;
    }
    constructor(private readonly timeout: number) {}
  }

  it('reads options from the getters of a class', async () => {
    expect(await createTokenManager(new Options(1_000)).getToken()).toMatchObject({ accessToken: 'a' });
    expect(problemsOf(() => createTokenManager(new Options(-1)))).toEqual([
      expect.stringContaining('tokenTimeout'),
    ]);
  });

  it.each([{}, { vendor: null }])('%j: reports the missing vendor', (options) => {
    expect(problemsOf(() => createTokenManager(options as unknown as TokenManagerOptions))).toEqual([
      expect.stringMatching(/^vendor must be/),
    ]);
  });
});

describe('oauth2Vendor', () => {
  const make = (options: unknown) => () => oauth2Vendor(options as Parameters<typeof oauth2Vendor>[0]);

  it('reports several problems in one error', () => {
    expect(
      problemsOf(make({ tokenEndpoint: 'http://login.example.com/token', username: 'u', refreshToken: 'r' })),
    ).toEqual([
      expect.stringMatching(/^tokenEndpoint: .*is not https/),
      'clientId is missing',
      'username and password must be set together',
      'username and refreshToken cannot be combined',
    ]);
  });

  it.each([{}, { tokenEndpoint: null, clientId: null }])(
    '%j: reports the missing tokenEndpoint and clientId',
    (options) => {
      expect(problemsOf(make(options))).toEqual([
        expect.stringMatching(/^tokenEndpoint: .*is not a URL/),
        'clientId is missing',
      ]);
    },
  );

  it.each(['login.example.com/token', '/oauth/token', '', 5, 'ftp://login.example.com'])(
    'reports the invalid tokenEndpoint %j',
    (tokenEndpoint) => {
      expect(problemsOf(make({ tokenEndpoint, clientId: 'c' }))).toEqual([
        expect.stringMatching(/^tokenEndpoint: /),
      ]);
    },
  );

  it('reports resourceOrigins that must not receive a token', () => {
    const tokenEndpoint = 'https://login.example.com/token';
    expect(
      problemsOf(make({ tokenEndpoint, clientId: 'c', resourceOrigins: ['http://api.example.com', 'x'] })),
    ).toEqual([
      expect.stringMatching(/^resourceOrigins: .*is not https/),
      expect.stringMatching(/^resourceOrigins: .*is not a URL/),
    ]);
  });
});
