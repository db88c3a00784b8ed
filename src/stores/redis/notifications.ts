import type { Clock } from '../../core/index.ts';
import { monotonicOf, withDeadline } from '../../core/internal.ts';
import type { Driver } from './driver.ts';

/** Messages that tell waiting callers to check the lock and the token. */
export interface Notifications {
  /** @param notify is called for each message, and when the subscription starts, because earlier messages may have been missed. */
  subscribe(channel: string, notify: () => void): Subscription;
  close(): void;
}

export interface Subscription {
  /** Returns whether messages arrive, and subscribes if not. */
  isActive(): boolean;
  stop(): void;
}

interface Channel {
  isActive: boolean;
  isSubscribing: boolean;
  readonly listeners: Set<() => void>;
}

// Milliseconds between a failed subscription and the next attempt.
const COOLDOWN = 1_000;

/** @param open opens a separate connection, because a subscribed connection cannot run commands. */
export function createNotifications(
  open: () => Promise<Driver | undefined>,
  clock: Clock,
  timeout: number,
): Notifications {
  const channels = new Map<string, Channel>();
  let current: Promise<Driver | undefined> | undefined;
  const now = monotonicOf(clock);
  let notBefore = Number.NEGATIVE_INFINITY;

  /** Closes a connection. The next subscriber opens another. */
  function drop(connection: Promise<Driver | undefined>): void {
    if (current !== connection) return;
    current = undefined;
    for (const channel of channels.values()) channel.isActive = false;
    connection.then((driver) => driver?.close()).catch(() => {});
  }

  async function connect(): Promise<Driver | undefined> {
    const driver = await open();
    await driver?.ready();
    return driver;
  }

  function connection(): Promise<Driver | undefined> {
    if (current) return current;
    const opened = connect();
    current = opened;
    opened.then((driver) => driver?.onDown(() => drop(opened))).catch(() => drop(opened));
    return opened;
  }

  async function activate(name: string, channel: Channel): Promise<void> {
    const using = connection();
    channel.isSubscribing = true;
    try {
      await withDeadline(
        clock,
        timeout,
        () => new Error('the subscription timed out'),
        async () => {
          await (await using)?.subscribe(name, () => notifyAll(channel));
        },
      );
      channel.isActive = (await using) !== undefined && current === using;
      if (channel.isActive) notifyAll(channel);
    } catch {
      // Ignore the error, because callers also poll, and commands on the other connection report the error.
      drop(using);
      notBefore = now() + COOLDOWN;
    } finally {
      channel.isSubscribing = false;
      if (channel.listeners.size === 0) removeChannel(name, channel);
    }
  }

  function removeChannel(name: string, channel: Channel): void {
    channels.delete(name);
    if (!channel.isActive) return;
    channel.isActive = false;
    current?.then((driver) => driver?.unsubscribe(name)).catch(() => {});
  }

  return {
    subscribe(name, notify) {
      const channel = channels.get(name) ?? { isActive: false, isSubscribing: false, listeners: new Set() };
      channels.set(name, channel);
      channel.listeners.add(notify);
      return {
        isActive() {
          const mayTry = !channel.isSubscribing && now() >= notBefore;
          if (!channel.isActive && mayTry) void activate(name, channel);
          return channel.isActive;
        },
        stop() {
          channel.listeners.delete(notify);
          if (channel.listeners.size === 0 && !channel.isSubscribing) removeChannel(name, channel);
        },
      };
    },
    close() {
      if (current) drop(current);
    },
  };
}

function notifyAll({ listeners }: Channel): void {
  for (const notify of [...listeners]) notify();
}
