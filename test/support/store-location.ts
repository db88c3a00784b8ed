import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startRedis } from './redis.ts';

/** A file store with one of its locks, or a Redis store. */
export type StoreKind = 'kernel' | 'lease' | 'redis';

/** Returns the directory or the URL of a new store that exists until the test ends. */
export async function newStoreLocation(kind: StoreKind): Promise<string> {
  if (kind === 'redis') {
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    return redis.url;
  }
  const directory = await mkdtemp(join(tmpdir(), 'store-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'tokens');
}
