import type { AxiosResponse } from 'axios';
import { AxiosHeaders } from 'axios';
import { describe, expect, it } from 'vitest';
import { linkScope } from '../../../src/batch/sources/link-scope.ts';
import { nextLink } from '../../../src/batch/sources/next-link.ts';

interface Case {
  baseURL?: string | undefined;
  url?: string;
  nextPath?: string | undefined;
  link: string;
  request?: object;
}

/** Returns the lead for a link in the response of the first page. */
function leadOf({ baseURL, url = '/users', nextPath, link, request }: Case) {
  const config = { headers: new AxiosHeaders(), url, ...(baseURL !== undefined && { baseURL }) };
  const response: AxiosResponse = { data: {}, status: 200, statusText: 'OK', headers: {}, config, request };
  return nextLink(link, response, { label: 'GET /users', own: [], scope: linkScope(url, nextPath) });
}

describe('nextLink', () => {
  it('changes an http link on an https page of the same host to https', () => {
    const url = 'https://api.test/users';
    expect(leadOf({ url, link: 'http://api.test/users?page=2' })).toBe('https://api.test/users?page=2');
    const port = { url: 'https://api.test:8443/users' };
    expect(leadOf({ ...port, link: 'http://api.test:8443/users?a' })).toBe('https://api.test:8443/users?a');
    expect(() => leadOf({ url, link: 'http://api.test:8080/users' })).toThrow('on http://api.test:8080');
    expect(() => leadOf({ url, link: 'http://other.test/users' })).toThrow('does not follow such a link');
    expect(() => leadOf({ url: 'http://api.test/users', link: 'https://api.test/users' })).toThrow(
      'use the host of the link in the base URL',
    );
  });

  it('rejects a link if axios does not expose the URL of the response', () => {
    const link = 'https://api.test/users/b';
    expect(leadOf({ link, request: { responseURL: 'https://api.test/users' } })).toBe('/users/b');
    expect(() => leadOf({ link })).toThrow('axios does not expose');
  });

  it.each<[baseURL: string | undefined, url: string, link: string, lead: string]>([
    // Without a gateway.
    ['https://api.test', '/api/v2/users', '/api/v2/users?page=2', '/api/v2/users?page=2'],
    ['https://api.test', '/api/v2/users', 'https://api.test/api/v2/users?page=2', '/api/v2/users?page=2'],
    ['https://api.test', '/users', '?page=2', '/users?page=2'],
    ['https://api.test', '/users', '/users/2', '/users/2'],
    ['https://api.test', '/users/', '/users?page=2', '/users?page=2'],
    ['https://api.test', 'users', '/users?page=2', '/users?page=2'],
    ['https://api.test', '/odata/Users', '/OData/users?$skiptoken=2', '/OData/users?$skiptoken=2'],
    ['https://api.test/api/', '/users', '/api/users?page=2', '/users?page=2'],
    // The link lacks the path of the gateway.
    ['https://gw.test/genesys', '/api/v2/users', '/api/v2/users?page=2', '/api/v2/users?page=2'],
    [
      'https://gw.test/genesys',
      '/api/v2/users',
      'https://gw.test/api/v2/users?page=2',
      '/api/v2/users?page=2',
    ],
    ['https://gw.test/genesys/api/v2', '/users', '/api/v2/users?page=2', '/users?page=2'],
    ['https://gw.test/a/b/', '/users', '/users/x?page=2', '/users/x?page=2'],
    [
      undefined,
      'https://gw.test/genesys/api/users',
      '/api/users?page=2',
      'https://gw.test/genesys/api/users?page=2',
    ],
    // The link has the path of the gateway.
    ['https://gw.test/genesys', '/api/v2/users', '/genesys/api/v2/users?page=2', '/api/v2/users?page=2'],
    [
      'https://gw.test/genesys',
      '/api/v2/users',
      'https://gw.test/genesys/api/v2/users?page=2',
      '/api/v2/users?page=2',
    ],
    ['https://gw.test/genesys', '/api/v2/users', 'users?page=2', '/api/v2/users?page=2'],
    [
      undefined,
      'https://gw.test/genesys/users',
      '/genesys/users?page=2',
      'https://gw.test/genesys/users?page=2',
    ],
  ])('with base URL %s and url %s, the link %s leads to %s', (baseURL, url, link, lead) => {
    expect(leadOf({ baseURL, url, link })).toBe(lead);
    expect(linkScope(url, undefined).includes(lead)).toBe(true);
  });

  it.each<[baseURL: string | undefined, url: string, link: string]>([
    ['https://api.test', '/users', '/admin'],
    ['https://api.test', '/users', '/users2'],
    ['https://api.test', '/users', '/users/../admin'],
    ['https://api.test', '/users', '/users/%2e%2e/admin'],
    ['https://api.test', '/users', '/'],
    ['https://gw.test/genesys', '/users', '/other/users'],
    [undefined, 'https://api.test/a/users', 'https://api.test/b/users'],
  ])('with base URL %s and url %s, the link %s is refused and nextPath is named', (baseURL, url, link) => {
    expect(() => leadOf({ baseURL, url, link })).toThrow('set nextPath (--next-path) to /');
  });

  it('follows a link to a host in the path only with nextPath, and never leaves the host', () => {
    const baseURL = 'https://gw.test/genesys';
    expect(leadOf({ baseURL, nextPath: '/scroll', link: '/scroll?id=1' })).toBe('/scroll?id=1');
    expect(leadOf({ baseURL, nextPath: '/scroll', link: '/genesys/scroll/1' })).toBe('/scroll/1');
    expect(() => leadOf({ baseURL, nextPath: '/scroll', link: '/other' })).toThrow('at or below');
    const root = { baseURL: 'https://api.test', url: '/', link: 'https://api.test//evil.test/x' };
    expect(() => leadOf(root)).toThrow('at or below');
  });
});

describe('linkScope', () => {
  it.each<[url: string, lead: unknown]>([
    ['/users', 'https://api.test/users'],
    ['/users', '//evil.test/users'],
    ['/users', '/\\evil.test/users'],
    ['/users', '/\t/evil.test/users'],
    ['/', '//evil.test/'],
    ['/', '/\\evil.test/'],
    ['/users', 'users'],
    ['/users', '/users/../admin'],
    ['/users', '/users/%2E%2E/admin'],
    ['/users', '/admin?/users'],
    ['/users', '/users#x'],
    ['/users', 7],
    ['/users', null],
    ['/users', { href: '/users' }],
    ['https://api.test/users', 'https://evil.test/users'],
    ['https://api.test/users', 'http://api.test/users'],
    ['https://api.test/users', 'https://api.test:8443/users'],
    ['https://api.test/users', 'https://me:pass@api.test/users'],
    ['https://api.test/users', 'https://api.test/admin'],
    ['https://api.test/users', '/users'],
  ])('the scope of %s does not include %j', (url, lead) => {
    expect(linkScope(url, undefined).includes(lead)).toBe(false);
  });
});
