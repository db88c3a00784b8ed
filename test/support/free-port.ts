import { once } from 'node:events';
import { createServer } from 'node:net';

/** Returns a loopback port that is free at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** Starts a server on a free port. @param start rejects with a message that contains `in use` if another process uses the port. */
export async function onFreePort<Server>(
  start: (port: number) => Promise<Server>,
): Promise<{ server: Server; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    // Another process may have used the port in the meantime.
    const server = await start(port).catch((error: Error) => {
      if (attempt === 5 || !/in use/.test(error.message)) throw error;
      return undefined;
    });
    if (server) return { server, port };
  }
}
