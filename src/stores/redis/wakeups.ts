import type { Clock } from '../../core/index.ts';
import { withDeadline } from '../../core/internal.ts';
import type { Driver } from './driver.ts';

/** Wakes waiting callers by empty messages. */
export interface Wakeups {
  /** @param wake is called for each message, and when the subscription begins, because earlier messages may have been missed. */
  listen(channel: string, wake: () => void): Listening;
  close(): void;
}

export interface Listening {
  /** Returns whether messages arrive, and subscribes if they do not. */
  isOn(): boolean;
  stop(): void;
}

interface Channel {
  isOn: boolean;
  isTrying: boolean;
  readonly wakes: Set<() => void>;
}

// Milliseconds after a failure.
const COOL_DOWN = 1_000;

/** @param open opens a connection for messages only, because a subscribed connection can run no commands. */
export function createWakeups(
  open: () => Promise<Driver | undefined>,
  clock: Clock,
  timeout: number,
): Wakeups {
  const channels = new Map<string, Channel>();
  let current: Promise<Driver | undefined> | undefined;
  let notBefore = 0;

  /** Closes a connection; the next listener opens another. */
  function drop(connection: Promise<Driver | undefined>): void {
    if (current !== connection) return;
    current = undefined;
    for (const channel of channels.values()) channel.isOn = false;
    connection.then((driver) => driver?.close()).catch(() => {});
  }

  async function connect(): Promise<Driver | undefined> {
    const driver = await open();
    await driver?.ready();
    return driver;
  }

  function connection(): Promise<Driver | undefined> {
    if (current) return current;
    const made = connect();
    current = made;
    made.then((driver) => driver?.onDown(() => drop(made))).catch(() => drop(made));
    return made;
  }

  async function subscribe(name: string, channel: Channel): Promise<void> {
    const using = connection();
    channel.isTrying = true;
    try {
      await withDeadline(
        clock,
        timeout,
        () => new Error('too late'),
        async () => {
          await (await using)?.subscribe(name, () => tell(channel));
        },
      );
      channel.isOn = (await using) !== undefined && current === using;
      if (channel.isOn) tell(channel);
    } catch {
      // Callers also check without messages, and commands on the other connection report the error.
      drop(using);
      notBefore = clock.now() + COOL_DOWN;
    } finally {
      channel.isTrying = false;
      if (channel.wakes.size === 0) forget(name, channel);
    }
  }

  function forget(name: string, channel: Channel): void {
    channels.delete(name);
    if (!channel.isOn) return;
    channel.isOn = false;
    current?.then((driver) => driver?.unsubscribe(name)).catch(() => {});
  }

  return {
    listen(name, wake) {
      const channel = channels.get(name) ?? { isOn: false, isTrying: false, wakes: new Set() };
      channels.set(name, channel);
      channel.wakes.add(wake);
      return {
        isOn() {
          const mayTry = !channel.isTrying && clock.now() >= notBefore;
          if (!channel.isOn && mayTry) void subscribe(name, channel);
          return channel.isOn;
        },
        stop() {
          channel.wakes.delete(wake);
          if (channel.wakes.size === 0 && !channel.isTrying) forget(name, channel);
        },
      };
    },
    close() {
      if (current) drop(current);
    },
  };
}

function tell({ wakes }: Channel): void {
  for (const wake of [...wakes]) wake();
}
