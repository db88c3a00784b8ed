import type { Clock } from '../../core/index.ts';
import { messageOf, withDeadline } from '../../core/internal.ts';
import type { Driver } from './driver.ts';
import { explain, storeError } from './explain.ts';

/** Sends commands, each with a deadline, and says what went wrong. */
export interface Connection {
  /**
   * Sends a command.
   *
   * @param onLate is called when it may have been executed all the same after this has rejected.
   * @throws TokenStoreError.
   */
  send<T>(command: (driver: Driver) => Promise<T>, options?: SendOptions<T>): Promise<T>;
  /** Another connection to the same server. Undefined where there can be none. */
  duplicate(): Promise<Driver | undefined>;
  close(): void;
}

interface SendOptions<T> {
  onLate?: (reply: T | undefined) => void;
  /** What is in the command, and in no error. */
  secrets?: readonly (string | undefined)[];
}

export interface ConnectionOptions {
  open(): Promise<Driver>;
  /** Whether a connection that failed is given up for a new one; a user's client connects again by itself. */
  isOurs: boolean;
  timeout: number;
  clock: Clock;
  /** What stands in no error. */
  secrets: readonly (string | undefined)[];
}

/** What was opened, and how much is under way on it. */
interface Opened {
  driver: Promise<Driver>;
  pending: number;
  isRetired: boolean;
}

// After a failed attempt to connect the next ones fail for the same reason at once, for so many milliseconds.
const COOL_DOWN = 500;

export function createConnection(options: ConnectionOptions): Connection {
  const { timeout, clock } = options;
  const all = new Set<Opened>();
  let current: Opened | undefined;
  let isClosed = false;
  let failed: { error: unknown; at: number } | undefined;

  function opened(): Opened {
    if (isClosed) throw storeError('this Redis store is closed');
    const ago = failed ? clock.now() - failed.at : COOL_DOWN;
    // Less than none when the clock was set back.
    if (failed && ago >= 0 && ago < COOL_DOWN) throw failed.error;
    if (!current) {
      const it = { driver: options.open(), pending: 0, isRetired: false };
      current = it;
      all.add(it);
      // Also one that nobody uses: a server and what is on the way to it close what is idle for long.
      it.driver.then((driver) => driver.onDown(() => retire(it))).catch(() => {});
    }
    return current;
  }

  /** Has the next command use a new connection. This one goes on until all that is under way on it is answered. */
  function retire(it: Opened): void {
    if (!options.isOurs) return;
    it.isRetired = true;
    if (current === it) current = undefined;
    closeIdle(it);
  }

  function closeIdle(it: Opened): void {
    if (it.isRetired && it.pending === 0) shut(it);
  }

  function shut(it: Opened): void {
    all.delete(it);
    it.driver.then((driver) => driver.close()).catch(() => {});
  }

  async function run<T>(
    it: Opened,
    command: (driver: Driver) => Promise<T>,
    { onLate }: SendOptions<T>,
    stage: { isSent: boolean },
    signal: AbortSignal,
  ): Promise<T> {
    const driver = await it.driver;
    try {
      await driver.ready();
    } catch (error) {
      // One that is given up for having taken too long says so.
      if (!signal.aborted && options.isOurs) failed = { error, at: clock.now() };
      throw error;
    }
    // It is told by then that this has failed.
    signal.throwIfAborted();
    failed = undefined;
    stage.isSent = true;
    it.pending++;
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
            // A client with a shorter deadline of its own may have sent it too.
            if (isOver || !isReply(error)) onLate?.(undefined);
            fail(error);
          },
        )
        .finally(() => {
          offDown();
          signal.removeEventListener('abort', onAbort);
          it.pending--;
          closeIdle(it);
        });
    });
  }

  return {
    async send(command, sendOptions = {}) {
      const stage = { isSent: false };
      let it: Opened | undefined;
      try {
        it = opened();
        const using = it;
        // To load a client's package is no command.
        await using.driver;
        const late = () => storeError(tooLate(timeout, stage.isSent));
        return await withDeadline(clock, timeout, late, (signal) =>
          run(using, command, sendOptions, stage, signal),
        );
      } catch (thrown) {
        // What has become a replica is left: the name leads to another server by now, or will.
        const isGood = stage.isSent && isReply(thrown) && !/\bREADONLY\b/.test(messageOf(thrown));
        if (it && !isGood) retire(it);
        throw explain(thrown, [...options.secrets, ...(sendOptions.secrets ?? [])]);
      }
    },
    async duplicate() {
      const { driver } = opened();
      return (await driver).duplicate();
    },
    close() {
      isClosed = true;
      for (const it of all) shut(it);
    },
  };
}

/** Whether the server has answered with an error, so that the connection is as good as before. */
function isReply(thrown: unknown): boolean {
  const { name, message } = Object(thrown) as { name?: unknown; message?: unknown };
  return (
    /^(ReplyError|ErrorReply|SimpleError|BlobError)$/.test(`${name}`) || /^[A-Z]{2,} /.test(`${message}`)
  );
}

function tooLate(timeout: number, isSent: boolean): string {
  return isSent
    ? `Redis gave no answer within ${timeout} ms. Check whether it hangs, or is overloaded`
    : `Redis cannot be talked to yet after ${timeout} ms. Check its host and port, whether it hangs or still loads its data, and whether it speaks TLS when the URL begins with rediss:`;
}
