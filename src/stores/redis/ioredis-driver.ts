import type { IoredisClient } from './client.ts';
import { closed, type Driver, watchClient } from './driver.ts';

/** Options of a client of the store: the client fails at once, and the store replaces it at the next command. */
export const OWN_IOREDIS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  // ioredis waits these milliseconds for the server to close, even if the server has closed, and keeps the process alive.
  disconnectTimeout: 50,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  // ioredis would prefix channels too.
  keyPrefix: '',
};

/** @param isOurs whether the store connects and closes the client. Such a client does not keep the process alive. */
export function ioredisDriver(client: IoredisClient, isOurs: boolean): Driver {
  const { connected, lastError, onDown, stop } = watchClient(client, () => client.status === 'ready');
  const onConnect = () => unref(client);
  if (isOurs) client.on('connect', onConnect);
  const listeners = new Map<string, () => void>();
  client.on('message', onMessage);

  function onMessage(channel: unknown): void {
    listeners.get(String(channel))?.();
  }

  return {
    async ready() {
      if (client.status === 'ready') return;
      if (client.status === 'wait') client.connect().catch(() => {});
      // A client of the user reconnects. Wait for its next attempt to connect, which succeeds unless the server is down.
      else if (!['connecting', 'connect', 'reconnecting'].includes(client.status))
        throw lastError() ?? closed();
      await connected();
    },
    readFields: (key, fields) => client.hmget(key, ...fields),
    runText: (script, keys, args) => client.eval(script, keys.length, ...keys, ...args),
    runHash: (sha, keys, args) => client.evalsha(sha, keys.length, ...keys, ...args),
    async subscribe(channel, listener) {
      listeners.set(channel, listener);
      await client.subscribe(channel);
    },
    async unsubscribe(channel) {
      listeners.delete(channel);
      await client.unsubscribe(channel);
    },
    duplicate() {
      // The sockets of a cluster have no `unref`, so a second connection would keep the process alive.
      if (client.isCluster) return undefined;
      return ioredisDriver(client.duplicate(OWN_IOREDIS) as IoredisClient, true);
    },
    onDown,
    close() {
      if (isOurs) return client.disconnect();
      stop();
      client.off('message', onMessage);
    },
  };
}

function unref(client: IoredisClient): void {
  const { stream } = client as { stream?: { unref?(): void } };
  stream?.unref?.();
}
