import type { NodeRedisClient } from './client.ts';
import { type Driver, watchClient } from './driver.ts';

/** Options of a client of the store: the client fails at once, and the store replaces it at the next command. */
export const OWN_NODE_REDIS = { disableOfflineQueue: true, socket: { reconnectStrategy: false } } as const;

/** @param isOurs whether the store connects and closes the client. Such a client does not keep the process alive. */
export function nodeRedisDriver(client: NodeRedisClient, isOurs: boolean): Driver {
  const { connected, lastError, onDown, stop } = watchClient(client, () => client.isReady);
  if (isOurs) client.unref();

  return {
    async ready() {
      if (client.isReady) return;
      const error = lastError();
      if (error && (isOurs || !client.isOpen)) throw error;
      if (!client.isOpen) {
        if (!isOurs) throw new Error('the Redis client is not connected. Call its connect() first');
        client.connect().catch(() => {});
      }
      // A client of the user reconnects. Wait for its next attempt to connect, which succeeds unless the server is down.
      await connected();
    },
    readFields: (key, fields) => client.hmGet(key, fields),
    runText: (script, keys, args) => client.eval(script, { keys, arguments: args }),
    runHash: (sha, keys, args) => client.evalSha(sha, { keys, arguments: args }),
    subscribe: (channel, listener) => client.subscribe(channel, listener),
    unsubscribe: (channel) => client.unsubscribe(channel),
    duplicate() {
      const { socket } = (client.options ?? {}) as { socket?: object };
      const options = { ...OWN_NODE_REDIS, socket: { ...socket, ...OWN_NODE_REDIS.socket } };
      return nodeRedisDriver(client.duplicate(options) as NodeRedisClient, true);
    },
    onDown,
    close() {
      if (!isOurs) return stop();
      // redis 4 has no `destroy`, and redis 4 and 5 throw if the client is not open.
      if (client.isOpen) void (client.destroy ?? client.disconnect).call(client);
    },
  };
}
