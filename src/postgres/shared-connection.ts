import { type Connection, connect } from './connection.ts';

/** Uses one connection for calls that follow each other closely, such as the checkpoints of many days. */
export interface SharedConnection {
  use<T>(call: (connection: Connection) => Promise<T>): Promise<T>;
}

// In milliseconds. The connection must not keep the process alive.
const IDLE = 50;

/** Connects when a call needs the connection, and closes the connection when no call follows. */
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
      // Its transaction may be open, or the connection lost.
      await close();
      throw error;
    }
  }

  return {
    use(call) {
      // One after the other, because a call can have a transaction.
      const result = last.then(() => run(call));
      last = result.catch(() => {});
      return result;
    },
  };
}
