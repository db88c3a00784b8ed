import { describe, expect, it } from 'vitest';
import { findArgumentSecrets, refuseCredentials } from '../../src/cli/argument-secrets.ts';
import { printable } from '../../src/core/internal.ts';

describe('the secrets in arguments', () => {
  it.each([
    [
      ['--param', 'api_key=hunter2'],
      ['--param', 'api_key=***'],
    ],
    [['--param=accessToken=hunter2'], ['--param=accessToken=***']],
    [
      ['--param', 'page=hunter'],
      ['--param', 'page=hunter'],
    ],
    [
      ['--secret-param', 'tenant', '--param', 'tenant=hunter2'],
      ['--secret-param', 'tenant', '--param', 'tenant=***'],
    ],
    [
      ['--secret-param=tenant', '--param', 'tenant=hunter2=='],
      ['--secret-param=tenant', '--param', 'tenant=***'],
    ],
    [
      ['--url', 'https://api.example.com/a?page=1&api_key=hunter2#x'],
      ['--url', 'https://api.example.com/a?page=1&api_key=***#x'],
    ],
    [['--url=/a?X-Signature=hunter2'], ['--url=/a?X-Signature=***']],
    [
      ['--queue', 'redis+sentinel://u:hunter2@a:1,b/m?sentinelPassword=hunter2'],
      ['--queue', 'redis+sentinel://a:1,b/m?sentinelPassword=***'],
    ],
    [['--queue=rediss+sentinel://u:hun@ter2@[::1],b/m/0'], ['--queue=rediss+sentinel://[::1],b/m/0']],
    [
      ['--base-url', 'https://ada:hunter2@example.com/'],
      ['--base-url', 'https://example.com/'],
    ],
  ])('are replaced in %j', (args, expected) => {
    const { args: hidden, hide } = findArgumentSecrets(args);
    expect(hidden).toEqual(expected);
    expect(hide('a server repeats page=1 and says nothing')).toBe('a server repeats page=1 and says nothing');
  });

  it('are replaced in messages, also if they are encoded', () => {
    const { hide } = findArgumentSecrets(['--param', 'api_key=a b/c+d', '--url', '/x?token=p%2Fq%20rs']);
    expect(hide('"a b/c+d" is wrong, a+b%2Fc%2Bd and a%20b%2Fc%2Bd too, p/q rs and p%2Fq%20rs')).toBe(
      '"***" is wrong, *** and *** too, *** and ***',
    );
  });

  it.each(['https://ada:hunter2@example.com', 'http://hunter2@example.com/a', '//ada:hunter2@example.com/a'])(
    'are refused as user information of a URL: %s',
    (url) => {
      expect(() => refuseCredentials({ '--url': url })).toThrow(/^--url: the URL contains a user name or/);
      expect(() => refuseCredentials({ '--url': url })).not.toThrow(/hunter2/);
    },
  );

  it.each([undefined, '/a?mail=ada@example.com', 'https://example.com/@ada'])('allow the URL %s', (url) => {
    expect(() => refuseCredentials({ '--url': url })).not.toThrow();
  });
});

it('printable replaces every character that changes the terminal or begins a line', () => {
  const text = 'a\u001b[2Jb\r\nc\u0085d\u009b2Je\u2028f\u202eg\u0000h\u007f日本 é';
  expect(printable(text)).toBe('a [2Jb c d 2Je f g h 日本 é');
});
