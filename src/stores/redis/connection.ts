import { type Clock, TokenStoreError } from '../../core/index.ts';
import { messageOf, monotonicOf, throwIfAborted, withDeadline } from '../../core/internal.ts';
import type { Driver } from './driver.ts';
import { explain, isCut, storeError } from './explain.ts';

/** Sends commands, each with a deadline, repeats them if the connection is closed, and explains failures. */
export interface Connection {
  /**
   * Sends a command. If the connection is closed before the reply, sends the command again on a new connection, so that the server may
   * run the command twice.
   *
   * @throws TokenStoreError
   */
  send<T>(command: (driver: Driver) => Promise<T>, options?: SendOptions<T>): Promise<T>;
  /** Opens another connection to the same server. Returns undefined if the client does not support it. */
  duplicate(): Promise<Driver | undefined>;
  close(): void;
}

interface SendOptions<T> {
  /** Is called if the server may have executed the command although `send` rejects. */
  onLate?: (reply: T | undefined) => void;
  /** Secrets in the command, which errors must not contain. */
  secrets?: readonly (string | undefined)[];
}

export interface ConnectionOptions {
  open(): Promise<Driver>;
  /** Whether to replace a failed connection. A client of the user reconnects automatically. */
  isOurs: boolean;
  timeout: number;
  clock: Clock;
  /** Secrets that errors must not contain. */
  secrets: readonly (string | undefined)[];
  /** Where the connection leads, for messages. Undefined for a client of the user. */
  address?: string | undefined;
}

/** A connection with the number of its pending commands. */
interface Opened {
  driver: Promise<Driver>;
  pending: number;
  isRetired: boolean;
}

// How often a command is sent at most if its connections are closed.
const ATTEMPTS = 3;

// Milliseconds after a failed attempt to connect, in which further commands fail at once with the same error.
const COOLDOWN = 500;

export function createConnection(options: ConnectionOptions): Connection {
  const { timeout, clock } = options;
  const now = monotonicOf(clock);
  const all = new Set<Opened>();
  let current: Opened | undefined;
  let isClosed = false;
  let failed: { error: unknown; at: number } | undefined;

  function open(): Opened {
    if (isClosed) throw storeError('this Redis store is closed');
    if (failed && now() - failed.at < COOLDOWN) throw failed.error;
    if (!current) {
      const opened = { driver: options.open(), pending: 0, isRetired: false };
      current = opened;
      all.add(opened);
      // Replace idle connections too: servers and proxies close them.
      opened.driver.then((driver) => driver.onDown(() => retire(opened))).catch(() => {});
    }
    return current;
  }

  /** Stops using a connection for new commands, and closes it when no command is pending. */
  function retire(opened: Opened): void {
    if (!options.isOurs) return;
    opened.isRetired = true;
    if (current === opened) current = undefined;
    closeIdle(opened);
  }

  function closeIdle(opened: Opened): void {
    if (opened.isRetired && opened.pending === 0) closeDriver(opened);
  }

  function closeDriver(opened: Opened): void {
    all.delete(opened);
    opened.driver.then((driver) => driver.close()).catch(() => {});
  }

  async function run<T>(
    opened: Opened,
    command: (driver: Driver) => Promise<T>,
    { onLate }: SendOptions<T>,
    stage: { isSent: boolean },
    signal: AbortSignal,
  ): Promise<T> {
    const driver = await opened.driver;
    await driver.ready();
    // The caller has already received the timeout, so do not send the command.
    throwIfAborted(signal);
    failed = undefined;
    stage.isSent = true;
    opened.pending++;
    return new Promise<T>((resolve, reject) => {
      let isOver = false;
      const fail = (error: Error) => {
        isOver = true;
        reject(error);
      };
      const offDown = driver.onDown(fail);
      const onAbort = () => fail(signal.reason);
      signal.addEventListener('abort', onAbort);
      command(driver)
        .then(
          (reply) => (isOver ? onLate?.(reply) : resolve(reply)),
          (error) => {
            // A client with a shorter timeout than this store may have sent the command too.
            if (isOver || !isReply(error)) onLate?.(undefined);
            fail(error);
          },
        )
        .finally(() => {
          offDown();
          signal.removeEventListener('abort', onAbort);
          opened.pending--;
          closeIdle(opened);
        });
    });
  }

  async function sendOnce<T>(
    command: (driver: Driver) => Promise<T>,
    sendOptions: SendOptions<T>,
    isLast: boolean,
  ): Promise<T> {
    const stage = { isSent: false };
    const opened = open();
    try {
      // The deadline excludes the time to load the package of the client.
      await opened.driver;
      const late = () => storeError(timeoutMessage(options, stage.isSent));
      return await withDeadline(clock, timeout, late, (signal) =>
        run(opened, command, sendOptions, stage, signal),
      );
    } catch (thrown) {
      // Leave a server that became a replica: its host name leads, or soon will, to the new primary.
      const isUsable = stage.isSent && isReply(thrown) && !/\bREADONLY\b/.test(messageOf(thrown));
      if (!isUsable) retire(opened);
      // A timeout, which is a TokenStoreError, is not an error of the connection.
      const isUnreachable = options.isOurs && !stage.isSent && !(thrown instanceof TokenStoreError);
      if (isUnreachable && (isLast || !isCut(thrown))) failed = { error: thrown, at: now() };
      throw thrown;
    }
  }

  return {
    async send(command, sendOptions = {}) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await sendOnce(command, sendOptions, attempt === ATTEMPTS);
        } catch (thrown) {
          if (attempt < ATTEMPTS && isCut(thrown) && failed?.error !== thrown) continue;
          const secrets = [...options.secrets, ...(sendOptions.secrets ?? [])];
          throw explain(thrown, secrets, isReply(thrown) ? undefined : options.address);
        }
      }
    },
    async duplicate() {
      const { driver } = open();
      return (await driver).duplicate();
    },
    close() {
      isClosed = true;
      for (const opened of all) closeDriver(opened);
    },
  };
}

/** Returns whether the error is a reply of the server, after which the connection is still usable. */
function isReply(thrown: unknown): boolean {
  const { name, message } = Object(thrown) as { name?: unknown; message?: unknown };
  return (
    /^(ReplyError|ErrorReply|SimpleError|BlobError)$/.test(`${name}`) || /^[A-Z]{2,} /.test(`${message}`)
  );
}

function timeoutMessage({ timeout, address }: ConnectionOptions, isSent: boolean): string {
  return isSent
    ? `Redis did not answer within ${timeout} ms. Check whether Redis hangs or is overloaded`
    : `the connection to Redis${address ? ` at ${address}` : ''} was not ready within ${timeout} ms. Check the host and port, whether Redis hangs or still loads its data, and for a rediss: URL whether Redis speaks TLS`;
}
