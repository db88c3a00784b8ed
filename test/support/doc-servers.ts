import dns from 'node:dns';
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { sendJson, startServer } from './server.ts';

/** The API and the login of example.com, which code blocks of the documentation use. */
export interface ExampleServer {
  port: number;
  /** Token requests since the last revocation. */
  fetches: number;
  /**
   * Revokes all tokens. The API answers 401 when so many requests have arrived. Those to paths that end in `late` wait until
   * a request with a new token was answered: by then a refresh is over.
   */
  revokeTokens(requests: number): void;
}

// How long a client may take to finish its refresh when the first replay was answered, in milliseconds.
const SETTLING = 50;

/** Starts an API and its login; the API answers 401 to every token but the ones issued since the last revocation. */
export async function startExampleServer(): Promise<ExampleServer> {
  const valid = new Set<string>();
  let issued = 0;
  let awaited = 0;
  let arrived = createGate();
  let refreshed = createGate();
  const { url } = await startServer(async (request, response) => {
    if (request.method === 'POST' && /token|login|refresh/.test(request.url)) {
      example.fetches++;
      await delay(20);
      const token = `token-${++issued}`;
      valid.add(token);
      return sendJson(response, 200, { access_token: token, token_type: 'bearer', expires_in: 3600 });
    }
    if (valid.has(request.headers.authorization?.replace('Bearer ', '') ?? '')) {
      response.on('finish', () => setTimeout(refreshed.open, SETTLING));
      if (request.url.endsWith('/bulk')) return sendJson(response, 200, bulkResults(request.body));
      return sendJson(response, 200, { path: request.url });
    }
    if (--awaited <= 0) arrived.open();
    await arrived.opened;
    if (request.url.endsWith('late')) await refreshed.opened;
    sendJson(response, 401, { error: 'invalid_token' });
  });
  const example: ExampleServer = {
    port: Number(new URL(url).port),
    fetches: 0,
    revokeTokens(requests) {
      valid.clear();
      example.fetches = 0;
      awaited = requests;
      arrived = createGate();
      refreshed = createGate();
    },
  };
  return example;
}

/** Returns a result for each customer. */
function bulkResults(body: Buffer) {
  const { customers } = JSON.parse(body.toString()) as { customers: { id: string }[] };
  return { results: customers.map(({ id }) => ({ id, status: 201 })) };
}

/** Starts a server that passes requests on to a simulator, whose URL it replaces in the responses. @returns its port. */
export async function startPublicFace(simulatorUrl: string, publicUrl: string): Promise<number> {
  const { url } = await startServer(({ method, url: path, headers, body }, response) => {
    const onward = http.request(`${simulatorUrl}${path}`, { method, headers }, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString().replaceAll(simulatorUrl, publicUrl);
      const { 'content-length': _, ...kept } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, kept).end(text);
    });
    onward.end(body);
  });
  return Number(new URL(url).port);
}

function createGate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/**
 * Sends every https request of this process to a port of this machine, so that code blocks run as they are written. No
 * other host is looked up.
 *
 * @param portOf gives the port for a host name.
 */
export function keepOnLoopback(portOf: (host: string) => number): void {
  const request = (
    options: RequestOptions,
    callback?: (response: IncomingMessage) => void,
  ): ClientRequest => {
    const port = portOf(options.hostname ?? options.host ?? '');
    const { agent: _agent, host: _host, ...others } = options;
    return http.request({ ...others, protocol: 'http:', hostname: '127.0.0.1', port }, callback);
  };
  Object.assign(https, { request });
  const { lookup } = dns;
  Object.assign(dns, {
    lookup(host: string, ...rest: unknown[]) {
      if (host === '127.0.0.1' || host === 'localhost') return Reflect.apply(lookup, dns, [host, ...rest]);
      (rest.at(-1) as (error: Error) => void)(new Error(`${host} is outside this machine`));
    },
  });
  syncBuiltinESMExports();
}
