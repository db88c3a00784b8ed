import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Forwards the data of one connection. Either side closes the other one. */
type Forward = (client: Socket, upstream: Socket) => void;

/**
 * Starts a proxy in front of a server. It is closed when the test ends.
 *
 * @returns the URL of the server with the port of the proxy.
 */
export async function startTcpProxy(target: string, forward: Forward): Promise<string> {
  const url = new URL(target);
  const port = Number(url.port);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, url.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
    forward(client, upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const proxy = new URL(target);
  proxy.hostname = '127.0.0.1';
  proxy.port = `${(server.address() as AddressInfo).port}`;
  return proxy.href;
}
