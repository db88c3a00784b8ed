import { ConfigurationError } from '../core/index.ts';
import { messageOf } from '../core/internal.ts';
import { loadPeer } from '../core/node/index.ts';

const ENTRY = 'axios-oauth-refresh/bullmq';

/** Loads BullMQ. @throws ConfigurationError */
export function loadBullmq(): Promise<typeof import('bullmq')> {
  return load('bullmq', () => import('bullmq'));
}

/** Loads the Redis client. @throws ConfigurationError */
export function loadIoredis(): Promise<{ Redis: typeof import('ioredis').Redis }> {
  return load('ioredis', () => import('ioredis'));
}

function load<Module>(name: string, importer: () => Promise<Module>): Promise<Module> {
  const peer = { name, neededBy: 'this entry', install: 'bullmq ioredis' };
  return loadPeer(peer, importer).catch((error: unknown) => {
    throw new ConfigurationError(ENTRY, [messageOf(error)]);
  });
}
