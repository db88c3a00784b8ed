/**
 * The servers of the benchmark. They run in a separate process, so that they do not share an event loop with the measured
 * clients. Start this file with `fork`: it sends its two addresses to the parent and ends with the parent.
 */
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';

export interface Addresses {
  storm: string;
  steady: string;
}

const TOKEN_DELAY = 30;
const LIFETIME = 3600;
// With Node's default of 511, some of 1,000 simultaneous connections wait for a second.
const BACKLOG = 4096;

let valid = '';
/** Tokens that stay valid when a newer token is issued, because the client sent `keep`. */
const kept = new Set<string>();
/** Whether every token stays valid when a newer token is issued. */
let keepsAll = false;
let tokens = 0;
let waiting: (() => void)[] = [];
let requests = 0;
/** Time of the last answer of the token endpoint in nanoseconds, on the clock that all processes of a machine share. */
let answeredAt = 0n;
/** Lifetime of the next token in seconds. */
let nextLifetime = LIFETIME;

/** Has the form of a JWT, because axios-jwt reads the expiry out of the token. */
function createToken(lifetime: number): string {
  const claims = { exp: Math.floor(Date.now() / 1000) + lifetime, jti: String(process.hrtime.bigint()) };
  const [header, payload] = [{ alg: 'none', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return `${header}.${payload}.signature`;
}

/** An API and its token endpoint. Each request states the delay of its answer. */
const storm = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://x');
  request.resume();
  if (url.pathname === '/token') {
    tokens++;
    const issue = () => {
      valid = createToken(nextLifetime);
      if (keepsAll || url.searchParams.has('keep')) kept.add(valid);
      answer(response, 200, { access_token: valid, token_type: 'bearer', expires_in: nextLifetime });
      nextLifetime = LIFETIME;
    };
    waiting.push(issue);
    // With `together=8`, eight token requests are answered at the same moment.
    if (waiting.length < Number(url.searchParams.get('together') ?? 1)) return;
    const all = waiting;
    waiting = [];
    setTimeout(
      () => {
        answeredAt = process.hrtime.bigint();
        for (const one of all) one();
      },
      Number(url.searchParams.get('after') ?? TOKEN_DELAY),
    );
  } else if (url.pathname === '/revoke') {
    valid = '';
    kept.clear();
    keepsAll = url.searchParams.has('keep-all');
    tokens = 0;
    requests = 0;
    answer(response, 200, {});
  } else if (url.pathname === '/next-lifetime') {
    nextLifetime = Number(url.searchParams.get('seconds'));
    answer(response, 200, {});
  } else if (url.pathname === '/disconnect') {
    // Every client of the storm must start without open connections, and connections of fetch cannot be closed by the client.
    storm.closeIdleConnections();
    answer(response, 200, {});
  } else if (url.pathname === '/counts') {
    answer(response, 200, { tokens, requests, answeredAt: String(answeredAt) });
  } else {
    requests++;
    // Check the token when the request arrives, as a gateway does.
    const token = request.headers.authorization?.slice('Bearer '.length) ?? '';
    const accepted = token === valid || kept.has(token);
    setTimeout(() => answer(response, accepted ? 200 : 401, {}), Number(url.searchParams.get('after')));
  }
});

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(status === 401 && { 'www-authenticate': 'Bearer error="invalid_token"' }),
  });
  response.end(JSON.stringify(body));
}

/** Gives every GET the same answer with as little work as possible, because the client is measured. */
const BODY = JSON.stringify({ ok: true });
const ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
const steady = createTcpServer((socket) => {
  let seen = '';
  socket.setNoDelay(true);
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  socket.on('data', (data: string) => {
    seen += data;
    for (let end = seen.indexOf('\r\n\r\n'); end !== -1; end = seen.indexOf('\r\n\r\n')) {
      seen = seen.slice(end + 4);
      socket.write(ANSWER);
    }
  });
});

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', BACKLOG, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '');
    });
  });
}

process.on('disconnect', () => process.exit());
storm.keepAliveTimeout = 60_000;
process.send?.({ storm: await listen(storm), steady: await listen(steady) } satisfies Addresses);
