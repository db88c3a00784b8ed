import type { AxiosResponse } from 'axios';
import { AxiosHeaders } from 'axios';
import { describe, expect, it } from 'vitest';
import { nextLink } from '../../../src/batch/sources/next-link.ts';

function linkOn(baseURL: string | undefined, link: string, request?: object) {
  const config = { headers: new AxiosHeaders(), url: '/users', ...(baseURL !== undefined && { baseURL }) };
  const response: AxiosResponse = { data: {}, status: 200, statusText: 'OK', headers: {}, config, request };
  return nextLink(link, response, { label: 'GET /users', own: [] });
}

describe('nextLink', () => {
  it('changes an http link on an https page of the same host to https', () => {
    expect(linkOn('https://api.test', 'http://api.test/users?page=2')).toBe('https://api.test/users?page=2');
    expect(linkOn('https://api.test:8443', 'http://api.test:8443/users')).toBe('https://api.test:8443/users');
    expect(() => linkOn('https://api.test', 'http://api.test:8080/users')).toThrow('on http://api.test:8080');
    expect(() => linkOn('https://api.test', 'http://other.test/users')).toThrow(
      'does not follow such a link',
    );
    expect(() => linkOn('http://api.test', 'https://api.test/users')).toThrow(
      'use the host of the link in the base URL',
    );
  });

  it('rejects a link if axios does not expose the URL of the response', () => {
    expect(linkOn(undefined, 'https://api.test/b', { responseURL: 'https://api.test/a' })).toBe(
      'https://api.test/b',
    );
    expect(() => linkOn(undefined, 'https://api.test/b')).toThrow('axios does not expose');
  });
});
