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
