import type { Redis } from 'ioredis';
import { systemClock, withDeadline } from '../core/internal.ts';
import { isTurnedAway, queueError } from './queue-error.ts';

/**
 * Waits for what was asked of Redis, also by BullMQ, which waits for a connection for as long as there is none.
 *
 * @param timeout in milliseconds.
 * @throws BatchError `ERR_QUEUE`: when the time is up, when it fails, and as soon as Redis lets the client in no longer, of
 * which it tells the client alone.
 */
export async function askRedis<T>(client: Redis, timeout: number, command: () => Promise<T>): Promise<T> {
  const late = () => new Error(`no answer within ${timeout / 1000} s`);
  let onError = (_: Error) => {};
  const refused = new Promise<never>((_, reject) => {
    onError = (error) => {
      if (isTurnedAway(error)) reject(error);
    };
  });
  client.on('error', onError);
  try {
    return await withDeadline(systemClock, timeout, late, () => Promise.race([command(), refused]));
  } catch (error) {
    throw queueError(error);
  } finally {
    client.off('error', onError);
  }
}
