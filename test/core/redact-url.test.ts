import { describe, expect, it } from 'vitest';
import { redactUrl, removeUserInfo } from '../../src/core/redact-url.ts';

describe('redactUrl', () => {
  it.each([
    ['an absolute URL', 'https://api.test/users', 'https://api.test/users'],
    ['a user name and a password', 'https://bob:s3cret@api.test/users', 'https://api.test/users'],
    ['a password alone', 'redis://:s3cret@redis.test:6379/0', 'redis://redis.test:6379/0'],
    ['a token as user name', 'https://s3cret@api.test/users', 'https://api.test/users'],
    ['an encoded password', 'https://bob:%40s3cret@api.test', 'https://api.test'],
    ['an @ in the password', 'https://bob:s3c@ret:s3cret@api.test/x', 'https://api.test/x'],
    ['a slash in the password', 'https://bob:s3cret/s3cret@api.test/x', 'https://api.test/x'],
    ['a question mark in the password', 'https://bob:s3cret?s3cret@api.test/x?y', 'https://api.test/x'],
    ['a hash in the password', 'https://bob:s3cret#s3cret@api.test/x', 'https://api.test/x'],
    ['a query and a fragment', 'https://api.test/a?key=s3cret#s3cret', 'https://api.test/a'],
    ['a fragment alone', 'https://api.test/#s3cret', 'https://api.test/'],
    ['a line feed in the query', 'https://api.test/a?key=\ns3cret', 'https://api.test/a'],
    ['a relative URL', '/users/7?key=s3cret', '/users/7'],
    ['a relative URL without a slash', 'users?key=s3cret', 'users'],
    [
      'an @ in a path',
      'https://api.test:8443/users/@me/bob@home',
      'https://api.test:8443/users/@me/bob@home',
    ],
    ['an @ in a relative path', '/users/@me', '/users/@me'],
    ['a protocol-relative URL', '//bob:s3cret@api.test/x?s3cret', '//api.test/x'],
    ['a protocol-relative URL with a backslash', '/\\bob:s3cret@api.test/x', '/\\api.test/x'],
    ['backslashes', 'https:\\\\bob:s3cret@api.test\\x', 'https:\\\\api.test\\x'],
    ['one slash', 'https:/bob:s3cret@api.test/x', 'https:/api.test/x'],
    ['no slash', 'https:bob:s3cret@api.test/x', 'https:api.test/x'],
    ['three slashes', 'https:///bob:s3cret@api.test/x', 'https:///api.test/x'],
    ['a line feed between the slashes', 'https:/\n/bob:s3cret@api.test/x', 'https://api.test/x'],
    ['no scheme', 'bob:s3cret@api.test/x', 'bob:api.test/x'],
    ['an unknown scheme', 'x-job+v1.0://bob:s3cret@api.test/x', 'x-job+v1.0://api.test/x'],
    ['a URL in a URL', 'blob:https://bob:s3cret@api.test/x', 'blob:https://api.test/x'],
    ['a URL in a path', 'https://p.test/https://bob:s3cret@api.test/x', 'https://p.test/https://api.test/x'],
    ['an invalid port', 'https://bob:s3cret@api.test:99999/x?s3cret', 'https://api.test:99999/x'],
    ['no host', 'https://bob:s3cret@/x?s3cret', 'https:///x'],
    ['a URL object', new URL('https://bob:s3cret@api.test/x?s3cret'), 'https://api.test/x'],
    ['an empty text', '', ''],
    ['a number', 5, '5'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a symbol', Symbol('x'), 'Symbol(x)'],
    ['an object without a string form', Object.create(null), ''],
  ])('%s: removes user info, query and fragment', (_, url, redacted) => {
    expect(redactUrl(url)).toBe(redacted);
  });
});

describe('removeUserInfo', () => {
  it('keeps the query and the fragment', () => {
    expect(removeUserInfo('https://bob:s3cret@api.test/x?y=1#z')).toBe('https://api.test/x?y=1#z');
  });
});
