import { describe, expect, it } from 'vitest';
import { createTokenManager, memoryStore, oauth2Vendor } from '../../src/index.ts';

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
    ['a username function', { username: () => 'ada', password: 'x' }],
    ['a refresh token', { refreshToken: 'very-secret' }],
    ['parameters', { parameters: { audience: 'https://api.example.com' } }],
  ])('must be set to use a store with %s', (_, more) => {
    const make = (tokenKey?: string) =>
      createTokenManager({ vendor: oauth2Vendor({ ...client, ...more, tokenKey }), store: memoryStore() });
    expect(() => make()).toThrow(/store requires a vendor with a tokenKey/);
    expect(make('ada').vendor.tokenKey).toBe('ada');
  });
});
