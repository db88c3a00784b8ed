import type { Socket } from 'node:net';
import { startTcpProxy } from './tcp-proxy.ts';

/** `pass` forwards, `drop` reads everything and forwards nothing, `refuse` closes every connection. */
export type ProxyMode = 'pass' | 'drop' | 'refuse';

/** A TCP proxy whose network can fail. */
export interface OutageProxy {
  readonly url: string;
  mode: ProxyMode;
}

/** Starts a proxy in front of a server. It is closed when the test ends. */
export async function startOutageProxy(target: string): Promise<OutageProxy> {
  const clients = new Set<Socket>();
  let mode: ProxyMode = 'pass';
  const url = await startTcpProxy(target, (client, upstream) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    client.on('data', (data) => mode === 'pass' && upstream.write(data));
    upstream.on('data', (data) => mode === 'pass' && client.write(data));
    if (mode === 'refuse') client.destroy();
  });
  return {
    url: new URL(url).origin,
    get mode() {
      return mode;
    },
    set mode(next) {
      mode = next;
      if (mode === 'refuse') for (const client of clients) client.destroy();
    },
  };
}
