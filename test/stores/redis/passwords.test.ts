import { Redis } from 'ioredis';
import { it, onTestFinished } from 'vitest';
import { removeExport, sharedRate } from '../../../src/bullmq/index.ts';
import { queueUrl } from '../../../src/cli/queue/queue-url.ts';
import { parseRedisUrl, type RedisTarget } from '../../../src/core/redis-url.ts';
import { openOwn } from '../../../src/stores/redis/open-own.ts';
import { describeWithRedisServer } from '../../support/redis.ts';
import { aServer, aStore, KEY } from '../../support/redis-stores.ts';

const PASSWORDS = [
  'plain',
  '100%',
  'se%cret',
  'se%41cret',
  '%ff',
  'a@b:c/d#e?f',
  'two words + &=',
  'päß 密码',
  `"'\\`,
];

/** Each code that connects with a URL. */
const USERS: [string, (url: string) => Promise<unknown>][] = [
  ['the queue', (url) => removeExport({ connection: url, name: 'x' })],
  ['sharedRate', async (url) => (await sharedRate({ connection: url, key: 'a', requests: 60_000 })).close()],
  ['redisStore with ioredis', (url) => aStore({ url }).get(KEY)],
  [
    'redisStore with redis',
    async (url) => {
      const ioredis = () => Promise.reject(new Error("Cannot find package 'ioredis' imported from here"));
      const redis = () => import('redis') as Promise<{ createClient: (options: object) => unknown }>;
      const driver = await openOwn(parseRedisUrl(url) as RedisTarget, 60_000, { ioredis, redis });
      onTestFinished(() => driver.close());
      await driver.ready();
      await driver.readFields('a', ['b']);
    },
  ],
];

describeWithRedisServer('a password with special characters', () => {
  it.each(USERS)('is accepted from a URL and from variables by %s', async (_, open) => {
    const server = await aServer();
    const admin = new Redis(server.url);
    onTestFinished(() => admin.disconnect());
    await admin.ping();
    for (const password of PASSWORDS) {
      for (const username of ['default', 'ad%a:@/é']) {
        await admin.acl('SETUSER', username, 'reset', 'on', `>${password}`, '~*', '&*', '+@all');
        const name = username === 'default' ? '' : username;
        const plain = `redis://127.0.0.1:${server.port}`;
        const environment = { REDIS_USERNAME: name, REDIS_PASSWORD: password };
        await open(await queueUrl(plain, environment));
        await open(
          plain.replace('//', () => `//${encodeURIComponent(name)}:${encodeURIComponent(password)}@`),
        );
        // These characters end the user information of a URL, and "%41" is an escape.
        if (!/[/#?]|%41/.test(password)) {
          await open(plain.replace('//', () => `//${encodeURIComponent(name)}:${password}@`));
        }
      }
    }
  });
});
