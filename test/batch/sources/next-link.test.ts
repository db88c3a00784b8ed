import type { AxiosResponse } from 'axios';
import { AxiosHeaders } from 'axios';
import { expect, test } from 'vitest';
import { nextLink } from '../../../src/batch/sources/next-link.ts';

function linkOn(baseURL: string | undefined, link: string, request?: object) {
  const config = { headers: new AxiosHeaders(), url: '/users', ...(baseURL !== undefined && { baseURL }) };
  const response: AxiosResponse = { data: {}, status: 200, statusText: 'OK', headers: {}, config, request };
  return nextLink(link, response, { asked: 'GET /users', own: [] });
}

test('a link that is http where the page was https is asked for by https', () => {
  expect(linkOn('https://api.test', 'http://api.test/users?page=2')).toBe('https://api.test/users?page=2');
  expect(linkOn('https://api.test:8443', 'http://api.test:8443/users')).toBe('https://api.test:8443/users');
  expect(() => linkOn('https://api.test', 'http://api.test:8080/users')).toThrow('on http://api.test:8080');
  expect(() => linkOn('https://api.test', 'http://other.test/users')).toThrow('elsewhere');
  expect(() => linkOn('http://api.test', 'https://api.test/users')).toThrow(
    'use its other name as the base URL',
  );
});

test('where axios does not say where an answer came from, a link is not followed', () => {
  expect(linkOn(undefined, 'https://api.test/b', { responseURL: 'https://api.test/a' })).toBe(
    'https://api.test/b',
  );
  expect(() => linkOn(undefined, 'https://api.test/b')).toThrow('axios does not say');
});
