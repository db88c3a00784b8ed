import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from '../../src/core/redis-url.ts';

const sentinel = (more: object) => ({ db: 0, ...more });
const one = [{ host: 'a', port: 26379 }];
const TLS = { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true };

describe('a URL of Redis', () => {
  it.each([
    ['redis://a', 'redis://a', {}, 'a:6379'],
    ['rediss://ada@a:7/2', 'rediss://a:7/2', { username: 'ada' }, 'a:7'],
    ['redis://:p@[::1]:7?family=6', 'redis://[::1]:7?family=6', { password: 'p' }, '[::1]:7'],
    ['redis://', 'redis://', {}, 'localhost:6379'],
    ['redis://a%3Ab:p%25%2F@a', 'redis://a', { username: 'a:b', password: 'p%/' }, 'a:6379'],
    ['redis://:se%cret@a', 'redis://a', { password: 'se%cret' }, 'a:6379'],
    ['redis://:100%@a', 'redis://a', { password: '100%' }, 'a:6379'],
    ['redis://:%ff%41@a', 'redis://a', { password: '%ff%41' }, 'a:6379'],
    ['redis://:a b@c:d@a', 'redis://a', { password: 'a b@c:d' }, 'a:6379'],
    ['redis://:pä%C3%A4@a', 'redis://a', { password: 'pää' }, 'a:6379'],
  ])('has its credentials in options: %s', (text, url, options, address) => {
    expect(parseRedisUrl(text)).toEqual({ url, options, address });
  });

  it.each([
    ['redis+sentinel://a/m', { sentinels: one, name: 'm' }, 'the master m (Sentinel a:26379)'],
    ['REDIS+SENTINEL://a/m/', { sentinels: one, name: 'm' }, 'the master m (Sentinel a:26379)'],
    [
      'rediss+sentinel://ada:p%40%@a:1,b,[::1]:2,[fe80::1]/my%20master/3',
      {
        username: 'ada',
        password: 'p@%',
        sentinels: [
          { host: 'a', port: 1 },
          { host: 'b', port: 26379 },
          { host: '::1', port: 2 },
          { host: 'fe80::1', port: 26379 },
        ],
        name: 'my master',
        db: 3,
        ...TLS,
      },
      'the master my master (Sentinel a:1, b:26379, [::1]:2, [fe80::1]:26379)',
    ],
    [
      'redis+sentinel://:a@b:c@a/m?sentinelPassword=s%2F%26%25&sentinelUsername=u',
      { password: 'a@b:c', sentinels: one, name: 'm', sentinelPassword: 's/&%', sentinelUsername: 'u' },
      'the master m (Sentinel a:26379)',
    ],
  ])('names the Sentinels and the master: %s', (text, options, address) => {
    expect(parseRedisUrl(text)).toEqual({ url: undefined, options: sentinel(options), address });
  });

  it.each([
    [undefined, /^must be a redis:\/\/ or rediss:\/\/ URL/],
    ['http://u:hunter2@a', /^must be a redis:\/\/ or rediss:\/\/ URL/],
    ['hunter2', /^must be a redis:\/\/ or rediss:\/\/ URL/],
    ['redis://:hunter2#b@a', /Percent-encode/],
    ['redis://u:12/hunter2@a', /has an "@" after the hosts/],
    ['redis+sentinel://:hunter2@a', /name of the master/],
    ['redis+sentinel://:hunter2@a/', /name of the master/],
    ['redis+sentinel:///m', /hosts of Sentinel/],
    ['redis+sentinel://u:hunter2@/m', /has an "@"|hosts of Sentinel/],
    ['redis+sentinel:hunter2', /hosts of Sentinel/],
    ['redis+sentinel://a,,b/m', /hosts of Sentinel/],
    ['redis+sentinel://a:hunter2/m', /hosts of Sentinel/],
    ['redis+sentinel://a:/m', /hosts of Sentinel/],
    ['redis+sentinel://a:0/m', /ports from 1 to 65535/],
    ['redis+sentinel://a:65536/m', /ports from 1 to 65535/],
    ['redis+sentinel://::1/m', /IPv6 addresses in brackets/],
    ['redis+sentinel://[hunter2]/m', /IPv6 addresses in brackets/],
    ['redis+sentinel://a b/m', /hosts of Sentinel/],
    ['redis+sentinel://:hunter2@a/m/x', /number as database/],
    ['redis+sentinel://a/m/-1', /number as database/],
    ['redis+sentinel://a/m/0/0', /number as database/],
    ['redis+sentinel://a/m?password=hunter2', /only the parameters sentinelUsername and sentinelPassword/],
    ['redis+sentinel://:a/hunter2@b/m', /has an "@" after the hosts/],
    ['redis+sentinel://:a?hunter2@b/m', /has an "@" after the hosts/],
    ['redis+sentinel://:a#hunter2@b/m', /has an "@" after the hosts/],
  ])('has a problem, which shows no password: %s', (text, problem) => {
    const parsed = parseRedisUrl(text) as { problem: string };
    expect(parsed.problem).toMatch(problem);
    expect(parsed.problem).not.toContain('hunter2');
  });
});
