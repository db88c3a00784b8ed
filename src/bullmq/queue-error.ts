import { BatchError } from '../batch/index.ts';
import { messageOf } from '../core/internal.ts';

/**
 * The words of what Redis or BullMQ has thrown, and nothing else of it: errors of ioredis hold their command, and that of a
 * connection holds the password. A server repeats the arguments of a command that it does not know.
 */
export function wordsOf(thrown: unknown): string {
  // Of a host with several addresses Node says in an AggregateError why each failed, and nothing in its own message.
  const { errors } = Object(thrown) as { errors?: unknown };
  const said = messageOf(thrown) || (Array.isArray(errors) ? messageOf(errors[0]) : '');
  return said.replace(/(,? with args beginning with.*|\.)$/s, '');
}

/** Makes the error of a command that failed. */
export function queueError(thrown: unknown): BatchError {
  const said = wordsOf(thrown);
  return new BatchError(
    `Redis, which holds the queue, failed: ${said}. What was saved there before is kept.`,
    'ERR_QUEUE',
    { cause: new Error(said) },
  );
}

/** Tells a Redis that failed, and may be back later, from one that has answered. */
export function isQueueError(error: unknown): boolean {
  return error instanceof BatchError && error.code === 'ERR_QUEUE' && error.cause !== undefined;
}

/** Tells whether Redis lets this client in no longer: waiting does not help. */
export function isTurnedAway(error: unknown): boolean {
  return error instanceof Error && /\b(WRONGPASS|NOAUTH|NOPERM|WRONGTYPE)\b/.test(error.message);
}
