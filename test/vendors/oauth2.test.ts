import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createTokenManager, memoryStore, oauth2Vendor } from '../../src/index.ts';
import { storeKey } from '../../src/token/store-key.ts';

const client = { tokenEndpoint: 'https://as.example.com/token', clientId: 'id', clientSecret: 'very-secret' };

describe('the token key of oauth2Vendor', () => {
  it('depends on every option that changes the token, and contains no secret', () => {
    const keys = [
      oauth2Vendor(client),
      oauth2Vendor({ ...client, tokenEndpoint: 'https://as.example.com/tenant/token' }),
      oauth2Vendor({ ...client, clientId: 'other' }),
      oauth2Vendor({ ...client, scope: 'read' }),
      oauth2Vendor({ ...client, username: 'ada', password: 'very-secret' }),
      oauth2Vendor({ ...client, username: 'bob', password: 'very-secret' }),
    ].map(({ tokenKey }) => tokenKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.join()).not.toContain('very-secret');
  });

  it.each([
    ['a username function', { username: (): string => 'ada', password: 'x' }],
    ['a refresh token function', { refreshToken: () => 'very-secret' }],
    [
      'a username function and parameters',
      { username: (): string => 'ada', password: 'x', parameters: { a: '1' } },
    ],
  ])('must be set to use a store with %s', (_, more) => {
    const make = (tokenKey?: string) =>
      createTokenManager({ vendor: oauth2Vendor({ ...client, ...more, tokenKey }), store: memoryStore() });
    expect(() => make()).toThrow(/store requires a vendor with a tokenKey/);
    expect(make('ada').vendor.tokenKey).toBe('ada');
  });

  it('is derived from parameters and the initial refresh token, which a logged vendor does not show', async () => {
    const store = memoryStore();
    const variants = [
      {},
      { parameters: { audience: 'a' } },
      { parameters: { audience: 'b' } },
      { parameters: { audience: 'a', resource: 'b' } },
      { parameters: { resource: 'b', audience: 'a' } },
      { refreshToken: 'very-secret' },
      { refreshToken: 'another-very-secret' },
      { refreshToken: 'very-secret', scope: 'read' },
      { refreshToken: 'very-secret', parameters: { audience: 'a' } },
      { username: 'ada', password: 'very-secret', parameters: { audience: 'a' } },
    ].map((more) => oauth2Vendor({ ...client, ...more }));
    for (const vendor of variants) createTokenManager({ vendor, store });
    const keys = await Promise.all(variants.map(storeKey));
    expect(keys[3]).toBe(keys[4]);
    expect(new Set(keys).size).toBe(keys.length - 1);
    expect(inspect(variants, { depth: 10 }) + JSON.stringify(variants)).not.toContain('very-secret');
  });
});
