/**
 * The other side of the benchmark, a process of its own so that it shares no event loop with what is measured.
 * Started by `fork`; tells its two addresses and ends with its parent.
 */
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';

export interface Addresses {
  storm: string;
  steady: string;
}

const TOKEN_DELAY = 30;
// Node's default of 511 makes some of 1,000 simultaneous connections wait for a second.
const BACKLOG = 4096;

let valid = '';
/** Tokens of clients that asked for them to be kept when others are issued. */
const kept = new Set<string>();
let tokens = 0;
let waiting: (() => void)[] = [];
let requests = 0;
/** When the token endpoint last answered, by the clock that all processes of a machine share, in nanoseconds. */
let answeredAt = 0n;

/** An API whose answers take as long as the request says, and its token endpoint. */
const storm = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://x');
  request.resume();
  if (url.pathname === '/token') {
    tokens++;
    const issue = () => {
      valid = `token-${process.hrtime.bigint()}`;
      if (url.searchParams.has('keep')) kept.add(valid);
      answer(response, 200, { access_token: valid, token_type: 'bearer', expires_in: 3600 });
    };
    waiting.push(issue);
    // All at the same moment, when so many wait.
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
    tokens = 0;
    requests = 0;
    answer(response, 200, {});
  } else if (url.pathname === '/counts') {
    answer(response, 200, { tokens, requests, answeredAt: String(answeredAt) });
  } else {
    requests++;
    // Judged when the request comes, as a gateway does.
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

/** Answers every GET alike with the least work: what is measured is the client. */
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
