import type { Redis } from 'ioredis';
import { systemClock, withDeadline } from '../core/internal.ts';
import { isAccessDenied, queueError } from './queue-error.ts';

/**
 * Runs a command of Redis or BullMQ with a timeout, because BullMQ waits forever for a connection. If Redis denies access, only the
 * client learns it, through its `error` event.
 *
 * @param timeout in milliseconds.
 * @throws BatchError `ERR_QUEUE` after the timeout, if the command fails, or if Redis denies access.
 */
export async function askRedis<T>(client: Redis, timeout: number, command: () => Promise<T>): Promise<T> {
  const expired = () => new Error(`no answer within ${timeout / 1000} s`);
  let onError = (_: Error) => {};
  const denied = new Promise<never>((_, reject) => {
    onError = (error) => {
      if (isAccessDenied(error)) reject(error);
    };
  });
  client.on('error', onError);
  try {
    return await withDeadline(systemClock, timeout, expired, () => Promise.race([command(), denied]));
  } catch (error) {
    throw queueError(error);
  } finally {
    client.off('error', onError);
  }
}
