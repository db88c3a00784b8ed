import type { NodeRedisClient } from './client.ts';
import { type Driver, watchClient } from './driver.ts';

/** What a client of ours is made with: it fails at once, and whoever needs it next makes another. */
export const OWN_NODE_REDIS = { disableOfflineQueue: true, socket: { reconnectStrategy: false } } as const;

/** @param isOurs it is connected, and closed, by this store, and keeps no script from ending. */
export function nodeRedisDriver(client: NodeRedisClient, isOurs: boolean): Driver {
  const { settled, trouble, onDown, stop } = watchClient(client, () => client.isReady);
  if (isOurs) client.unref();

  return {
    async ready() {
      if (client.isReady) return;
      const found = trouble();
      if (found) throw found;
      if (!client.isOpen) {
        if (!isOurs) throw new Error('the client is not connected: call its connect() first');
        client.connect().catch(() => {});
      }
      await settled();
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
      if (isOurs) client.destroy();
      else stop();
    },
  };
}
