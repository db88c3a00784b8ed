import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { queueUrl } from '../../src/cli/queue/queue-url.ts';
import { temporaryDirectory } from '../support/batch.ts';

const URL = 'redis://redis.internal:6379';

describe('the URL of a queue', () => {
  it('contains the password from a file', async () => {
    const path = join(await temporaryDirectory(), 'password');
    await writeFile(path, 'p@ss word\n');
    const environment = { REDIS_USERNAME: 'ada', REDIS_PASSWORD_FILE: path };
    expect(await queueUrl(URL, environment)).toBe('redis://ada:p%40ss%20word@redis.internal:6379');
  });

  it.each([
    ['redis://ada@a/2', { REDIS_PASSWORD: 'se%cret' }, 'redis://ada:se%25cret@a/2'],
    ['redis://a', { REDIS_SENTINEL_PASSWORD: 'x' }, 'redis://a'],
    ['redis://a', {}, 'redis://a'],
    [
      'redis+sentinel://ada@a:1,[::1]/m/2',
      { REDIS_PASSWORD: 'a@b$&', REDIS_SENTINEL_PASSWORD: 's/% ' },
      'redis+sentinel://ada:a%40b%24%26@a:1,[::1]/m/2?sentinelPassword=s%2F%25%20',
    ],
    [
      'rediss+sentinel://a/m?sentinelUsername=s',
      { REDIS_USERNAME: 'ada', REDIS_SENTINEL_PASSWORD: 'x' },
      'rediss+sentinel://ada@a/m?sentinelUsername=s&sentinelPassword=x',
    ],
  ])('contains the credentials of the environment: %s %o', async (url, environment, expected) => {
    expect(await queueUrl(url, environment)).toBe(expected);
  });

  it('contains the password of Sentinel from a file', async () => {
    const path = join(await temporaryDirectory(), 'password');
    await writeFile(path, 's%1\n');
    const url = await queueUrl('redis+sentinel://a/m', { REDIS_SENTINEL_PASSWORD_FILE: path });
    expect(url).toBe('redis+sentinel://a/m?sentinelPassword=s%251');
  });

  it.each([
    [
      { REDIS_PASSWORD_FILE: '/nowhere/x' },
      'REDIS_PASSWORD_FILE: the file "/nowhere/x" cannot be read (ENOENT).',
    ],
    [
      { REDIS_PASSWORD: 'a', REDIS_PASSWORD_FILE: '/nowhere/x' },
      'REDIS_PASSWORD and REDIS_PASSWORD_FILE are both set: remove one.',
    ],
  ])('is a ConfigurationError for %o', async (environment, message) => {
    await expect(queueUrl(URL, environment)).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringContaining(message),
    });
  });
});
