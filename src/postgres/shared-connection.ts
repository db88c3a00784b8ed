import { type Connection, connect } from './connection.ts';

/** A connection for calls in quick succession, such as those that read the checkpoints of many days. */
export interface SharedConnection {
  use<T>(call: (connection: Connection) => Promise<T>): Promise<T>;
}

// In milliseconds. An idle connection keeps the process alive, so that the time must be short.
const IDLE = 50;

/** Returns a connection that connects for a call, and closes when no other call follows. */
export function sharedConnection(url: string): SharedConnection {
  let opened: Promise<Connection> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function close(): Promise<void> {
    const closing = opened;
    opened = undefined;
    await closing?.then(
      (connection) => connection.close(),
      () => {},
    );
  }

  async function run<T>(call: (connection: Connection) => Promise<T>): Promise<T> {
    clearTimeout(timer);
    opened ??= connect(url);
    try {
      const result = await call(await opened);
      timer = setTimeout(close, IDLE);
      return result;
    } catch (error) {
      // The transaction of the call may be open, or the connection may be lost.
      await close();
      throw error;
    }
  }

  return {
    use(call) {
      // Calls must not overlap, because a call can have a transaction.
      const result = last.then(() => run(call));
      last = result.catch(() => {});
      return result;
    },
  };
}
