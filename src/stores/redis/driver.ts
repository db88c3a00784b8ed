import type { RedisClient } from './client.ts';

/** A client as this store uses it, whichever package it is of. */
export interface Driver {
  /** Connects where that is ours to do, and waits until commands can be sent. @throws the root cause. */
  ready(): Promise<void>;
  readFields(key: string, fields: string[]): Promise<unknown>;
  runText(script: string, keys: string[], args: string[]): Promise<unknown>;
  runHash(sha: string, keys: string[], args: string[]): Promise<unknown>;
  subscribe(channel: string, listener: () => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  /** Another connection to the same server, of our own. Undefined where there can be none. */
  duplicate(): Driver | undefined;
  /** Tells why, each time it cannot be talked to any more. @returns takes the listener back. */
  onDown(listener: (error: Error) => void): () => void;
  /** Closes the client when it is ours; lets go of it when it is not. */
  close(): void;
}

/** Says what has become of a client's connection. */
export interface Watch {
  /** Waits for the attempt to connect that is under way. */
  settled(): Promise<void>;
  /** Why it cannot be talked to: undefined while nothing has been wrong since it was ready. */
  trouble(): Error | undefined;
  onDown: Driver['onDown'];
  stop(): void;
}

/** The error of a connection that was closed without one. */
export function closed(): Error {
  return new Error('Connection is closed.');
}

/**
 * Listens to what a client says of its connection. As it listens to errors, none of them ends the process (`redis`) or
 * is printed (`ioredis`): the commands tell.
 */
export function watchClient(client: RedisClient, isReady: () => boolean): Watch {
  const onDown = new Set<(error: Error) => void>();
  const onReady = new Set<() => void>();
  let last: Error | undefined;

  const down = () => {
    last ??= closed();
    for (const tell of [...onDown]) tell(last);
  };
  const listeners: [string, (...said: unknown[]) => void][] = [
    [
      'ready',
      () => {
        last = undefined;
        for (const tell of [...onReady]) tell();
      },
    ],
    [
      'error',
      (error) => {
        // What follows from an earlier one says less.
        if (!last || !isVague(error)) last = error instanceof Error ? error : new Error(String(error));
        if (!isReady()) down();
      },
    ],
    ['close', down],
    ['end', down],
  ];
  for (const [event, listener] of listeners) client.on(event, listener);

  return {
    trouble: () => last,
    onDown(listener) {
      onDown.add(listener);
      return () => void onDown.delete(listener);
    },
    settled() {
      return new Promise<void>((resolve, reject) => {
        const done = () => {
          onReady.delete(isThere);
          onDown.delete(failed);
        };
        const isThere = () => {
          done();
          resolve();
        };
        const failed = (error: Error) => {
          done();
          reject(error);
        };
        onReady.add(isThere);
        onDown.add(failed);
      });
    },
    stop() {
      for (const [event, listener] of listeners) client.off(event, listener);
    },
  };
}

function isVague(error: unknown): boolean {
  return error instanceof Error && /closed/i.test(error.message);
}
