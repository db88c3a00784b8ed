import { ConfigurationError } from '../core/index.ts';
import { messageOf } from '../core/internal.ts';

/** BullMQ, which only who uses this entry has installed. @throws ConfigurationError */
export function loadBullmq(): Promise<typeof import('bullmq')> {
  return load('bullmq', () => import('bullmq'));
}

/** The Redis client. @throws ConfigurationError */
export function loadIoredis(): Promise<{ Redis: typeof import('ioredis').Redis }> {
  return load('ioredis', () => import('ioredis'));
}

async function load<T>(name: string, imported: () => Promise<T>): Promise<T> {
  try {
    return await imported();
  } catch (error) {
    throw new ConfigurationError('axios-oauth-refresh/bullmq', [
      `${name} cannot be loaded (${messageOf(error).split('\n')[0]}). Install what this entry needs: npm install bullmq ioredis`,
    ]);
  }
}
