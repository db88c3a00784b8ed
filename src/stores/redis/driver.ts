import { isError } from '../../core/internal.ts';
import type { RedisClient } from './client.ts';

/** A client of either package. */
export interface Driver {
  /** Waits until commands can be sent, and connects a client of the store first. @throws the root cause. */
  ready(): Promise<void>;
  readFields(key: string, fields: string[]): Promise<unknown>;
  runText(script: string, keys: string[], args: string[]): Promise<unknown>;
  runHash(sha: string, keys: string[], args: string[]): Promise<unknown>;
  subscribe(channel: string, listener: () => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  /** Creates another connection to the same server, owned by the store. Returns undefined if the client does not support it. */
  duplicate(): Driver | undefined;
  /** Calls the listener with the cause each time the connection is lost. @returns a function that removes the listener. */
  onDown(listener: (error: Error) => void): () => void;
  /** Closes a client of the store. Only removes the listeners from a client of the user. */
  close(): void;
}

/** The state of the connection of a client. */
export interface ConnectionState {
  /** Waits until the current attempt to connect succeeds or fails. */
  connected(): Promise<void>;
  /** Returns the error since the connection was last ready. */
  lastError(): Error | undefined;
  onDown: Driver['onDown'];
  stop(): void;
}

/** Returns the error for a connection that was closed without an error. */
export function closed(): Error {
  return new Error('Connection is closed.');
}

/**
 * Follows the connection events of a client. Without an `error` listener, errors would end the process (`redis`) or be printed
 * (`ioredis`), although the commands report them.
 */
export function watchClient(client: RedisClient, isReady: () => boolean): ConnectionState {
  const onDown = new Set<(error: Error) => void>();
  const onReady = new Set<() => void>();
  let last: Error | undefined;

  const down = () => {
    last ??= closed();
    for (const listener of [...onDown]) listener(last);
  };
  const listeners: [string, (...args: unknown[]) => void][] = [
    [
      'ready',
      () => {
        last = undefined;
        for (const listener of [...onReady]) listener();
      },
    ],
    [
      'error',
      (error) => {
        // A vague error only follows from the previous error.
        if (!last || !isVague(error)) last = isError(error) ? error : new Error(String(error));
        if (!isReady()) down();
      },
    ],
    ['close', down],
    ['end', down],
  ];
  for (const [event, listener] of listeners) client.on(event, listener);

  return {
    lastError: () => last,
    onDown(listener) {
      onDown.add(listener);
      return () => void onDown.delete(listener);
    },
    connected() {
      return new Promise<void>((resolve, reject) => {
        const done = () => {
          onReady.delete(succeed);
          onDown.delete(fail);
        };
        const succeed = () => {
          done();
          resolve();
        };
        const fail = (error: Error) => {
          done();
          reject(error);
        };
        onReady.add(succeed);
        onDown.add(fail);
      });
    },
    stop() {
      for (const [event, listener] of listeners) client.off(event, listener);
    },
  };
}

function isVague(error: unknown): boolean {
  return isError(error) && /closed/i.test(error.message);
}
