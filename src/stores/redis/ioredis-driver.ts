import type { IoredisClient } from './client.ts';
import { closed, type Driver, watchClient } from './driver.ts';

/** What a client of ours is made with: it fails at once, and whoever needs it next makes another. */
export const OWN_IOREDIS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  // For so many milliseconds it waits for the other side to close, also when that has done so, and keeps a script from ending.
  disconnectTimeout: 50,
  retryStrategy: () => null,
  // Channels would have it too.
  keyPrefix: '',
};

/** @param isOurs it is connected, and closed, by this store, and keeps no script from ending. */
export function ioredisDriver(client: IoredisClient, isOurs: boolean): Driver {
  const { settled, trouble, onDown, stop } = watchClient(client, () => client.status === 'ready');
  const onConnect = () => unref(client);
  if (isOurs) client.on('connect', onConnect);
  const listeners = new Map<string, () => void>();
  client.on('message', hear);

  function hear(channel: unknown): void {
    listeners.get(String(channel))?.();
  }

  return {
    async ready() {
      if (client.status === 'ready') return;
      if (client.status === 'wait') client.connect().catch(() => {});
      else if (!['connecting', 'connect'].includes(client.status)) throw trouble() ?? closed();
      await settled();
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
      // The sockets of a cluster cannot be told not to keep a script from ending.
      if (client.isCluster) return undefined;
      return ioredisDriver(client.duplicate(OWN_IOREDIS) as IoredisClient, true);
    },
    onDown,
    close() {
      if (isOurs) return client.disconnect();
      stop();
      client.off('message', hear);
    },
  };
}

function unref(client: IoredisClient): void {
  const { stream } = client as { stream?: { unref?(): void } };
  stream?.unref?.();
}
