import { BatchError } from '../batch/index.ts';
import { isError, messageOf } from '../core/internal.ts';

/**
 * Returns only the message of an error of Redis or BullMQ. Errors of ioredis contain their command, and the command of a connection
 * contains the password. A server repeats the arguments of an unknown command in the message, so they are cut off.
 */
export function redisMessage(thrown: unknown): string {
  // For a host with several addresses, Node throws an AggregateError without a message of its own.
  const { errors } = Object(thrown) as { errors?: unknown };
  const message = messageOf(thrown) || (Array.isArray(errors) ? messageOf(errors[0]) : '');
  return message.replace(/(,? with args beginning with.*|\.)$/s, '');
}

/** Returns the error of a failed command. */
export function queueError(thrown: unknown): BatchError {
  const message = redisMessage(thrown);
  return new BatchError(
    `Redis failed: ${message}. Saved progress is kept. Check that Redis runs and accepts the password of this connection.`,
    'ERR_QUEUE',
    { cause: new Error(message) },
  );
}

/** Returns whether the error is a failure of Redis itself, which may recover, and not an answer of Redis. */
export function isQueueError(error: unknown): boolean {
  return error instanceof BatchError && error.code === 'ERR_QUEUE' && error.cause !== undefined;
}

/** Returns whether Redis denies this client access, so that waiting does not help. */
export function isAccessDenied(error: unknown): boolean {
  return isError(error) && /\b(WRONGPASS|NOAUTH|NOPERM|WRONGTYPE)\b/.test(error.message);
}
